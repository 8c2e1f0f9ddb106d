"""The document at a client's sector identifier: it lists the addresses that belong together."""

from __future__ import annotations

import json

from idp.domain.decision import Reason
from idp.services.change import fault
from idp.services.client_spec import ClientSpec
from idp.services.outbound import OutboundError, fetch

LONGEST_BYTES = 65_536


def inspect_sector(spec: ClientSpec) -> Reason | None:
    """Return why a client does not belong to the sector that it names, or None.

    Asked only of clients that nobody answers for: otherwise anybody could join the sector of
    another, and learn by which identifiers it knows its users.

    Args:
        spec: what the client is to be.

    Source: OpenID Connect Registration §5.
    """
    if spec.subject_type != "pairwise" or not spec.sector_identifier_uri:
        return None
    try:
        answer = fetch(spec.sector_identifier_uri, limit_bytes=LONGEST_BYTES)
    except OutboundError as error:
        return error.reason
    try:
        listed = json.loads(answer.body) if answer.status == 200 else None
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not set(spec.redirect_uris) <= _texts(listed):
        text = "The document at sector_identifier_uri does not list every redirect URI."
        return fault("not_in_sector", text, "OpenID Connect Registration §5")
    return None


def _texts(items: list[object]) -> set[str]:
    return {item for item in items if isinstance(item, str)}
