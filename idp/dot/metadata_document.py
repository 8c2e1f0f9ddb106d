"""Client metadata documents, fetched through the guard that all outgoing requests pass."""

from __future__ import annotations

import json
from typing import Any

from oauth2_provider.cimd import CIMDError
from oauth2_provider.settings import oauth2_settings

from idp.services.outbound import Fetched, OutboundError, fetch


class GuardedMetadataFetcher:
    """The toolkit's ``CIMD_METADATA_FETCHER``: reached by our own way.

    Source: draft-ietf-oauth-client-id-metadata-document §6.
    """

    def fetch(self, client_id: str) -> tuple[dict[str, Any], int]:
        """Return the document at a client id, and for how many seconds it may be kept.

        Raises:
            CIMDError: the address is refused, or there is no document of the right form.
        """
        try:
            answer = fetch(
                client_id,
                accept="application/json, application/*+json",
                limit_bytes=oauth2_settings.CIMD_MAX_DOCUMENT_SIZE,
                timeout_seconds=oauth2_settings.CIMD_FETCH_TIMEOUT_SECONDS,
            )
        except OutboundError as error:
            raise CIMDError(error.reason.message) from None
        return _document(answer), _max_age(answer)


def _document(answer: Fetched) -> dict[str, Any]:
    if answer.status != 200:
        raise CIMDError(f"client_id document returned HTTP {answer.status}")
    kind = answer.media_type
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise CIMDError("client_id document is not JSON")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise CIMDError("client_id document is not valid JSON") from None
    if not isinstance(document, dict):
        raise CIMDError("client_id document must be a JSON object")
    return document


def _max_age(answer: Fetched) -> int:
    """Return the lifetime that the answer's ``Cache-Control`` allows, within the site's bounds."""
    shortest = int(oauth2_settings.CIMD_METADATA_MIN_AGE_SECONDS)
    longest = int(oauth2_settings.CIMD_METADATA_MAX_AGE_SECONDS)
    words = [word.strip().lower() for word in answer.headers.get("cache-control", "").split(",")]
    if "no-store" in words or "no-cache" in words:
        return shortest
    ages = [word.removeprefix("max-age=") for word in words if word.startswith("max-age=")]
    asked = int(ages[0]) if ages and ages[0].isdecimal() and len(ages[0]) < 10 else longest
    return max(shortest, min(asked, longest))
