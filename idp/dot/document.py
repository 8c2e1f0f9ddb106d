"""Clients known by the address of their metadata document, where the site turns that on."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta

from django.core.cache import cache
from oauth2_provider import cimd
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import Request

from idp.domain.metadata_document import is_document_address
from idp.services.change import Refused
from idp.services.client import Client, load_client
from idp.services.event import Origin, record_event
from idp.services.metadata_document import adopt_document, is_described_by_document, is_stale
from idp.services.registration_limit import wait_before_registering

logger = logging.getLogger("idp.document")


def documents_are_on() -> bool:
    """Return whether the site takes the address of a document for a client id; off by default."""
    return bool(oauth2_settings.CIMD_ENABLED)


def known_client(client_id: str, *, origin: Origin, now: datetime) -> Client | None:
    """Return a client, looking at its metadata document where it is unknown or out of date.

    A document that cannot be had leaves a client as it is known, and an unknown one unknown; it is
    not asked for again for ``CIMD_FAILURE_BACKOFF_SECONDS``.

    Args:
        client_id: as sent; any text.
        origin: where the request came from.
        now: the time.

    Source: draft-ietf-oauth-client-id-metadata-document §§3-6.
    """
    client = load_client(client_id)
    if not documents_are_on() or not is_document_address(client_id):
        return client
    if client is not None and not (is_described_by_document(client) and is_stale(client, now)):
        return client
    if not _may_fetch(client_id, origin, now, known=client is not None):
        return client
    return load_client(client_id) if _fetch(client_id, origin, now) else client


def _may_fetch(client_id: str, origin: Origin, now: datetime, *, known: bool) -> bool:
    """Return whether a document may be asked for now: by the site's own word, and within limits."""
    request = Request(client_id, headers={"REMOTE_ADDR": origin.address})
    classes = oauth2_settings.CIMD_REGISTRATION_PERMISSION_CLASSES
    if not classes or not all(each().has_permission(request, client_id) for each in classes):
        return False
    if cache.get(_backoff(client_id)):
        return False
    return known or not wait_before_registering(origin.address, now)


def _fetch(client_id: str, origin: Origin, now: datetime) -> bool:
    """Return whether a document was found and adopted."""
    # The toolkit's own limit of fetches at a time; nothing is queued for it.
    with cimd._fetch_slot() as free:
        if not free:
            return False
        try:
            document, seconds = oauth2_settings.CIMD_METADATA_FETCHER().fetch(client_id)
            expires_at = now + timedelta(seconds=seconds)
            adopt_document(
                client_id, document, expires_at=expires_at, now=now, address=origin.address
            )
        except Refused as refused:
            reasons = [reason for _key, reason in refused.errors]
            record_event(
                "document.refused", client_id=client_id, origin=origin, reasons=reasons, now=now
            )
        except cimd.CIMDError as error:
            logger.info("document of %r not adopted: %s", client_id, error)
        except Exception:
            # Whatever a stranger's server did, the request at hand only misses a client.
            logger.exception("document of %r not adopted", client_id)
        else:
            return True
    cache.set(_backoff(client_id), 1, oauth2_settings.CIMD_FAILURE_BACKOFF_SECONDS)
    return False


def _backoff(client_id: str) -> str:
    return f"idp.document:{hashlib.sha256(client_id.encode()).hexdigest()[:32]}"
