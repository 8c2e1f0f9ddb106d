"""Client ids that are the address of the client's own description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idp.domain import uri
from idp.domain.decision import Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_CLIENT_ID = 255
REFERENCE = "draft-ietf-oauth-client-id-metadata-document §3"
_SECRETS = ("client_secret", "client_secret_expires_at")
_METHODS = ("none", "private_key_jwt")


def is_document_address(client_id: str) -> bool:
    """Return whether a client id may be the address of a document.

    It is an https URL with a path, without user name, fragment and dot segments, and it is compared
    as it stands.

    Args:
        client_id: as sent; any text.
    """
    if len(client_id) > LONGEST_CLIENT_ID or not client_id.startswith("https://"):
        return False
    parts = uri.split(client_id)
    if not uri.is_absolute(client_id) or parts.userinfo is not None or not parts.host:
        return False
    segments = parts.path.split("/")
    return bool(parts.path) and "." not in segments and ".." not in segments


def inspect_document(client_id: str, document: Mapping[str, Any]) -> Reason | None:
    """Return why a document cannot describe the client of its address, or None.

    Args:
        client_id: the address that it was fetched from.
        document: a JSON object.
    """
    if document.get("client_id") != client_id:
        return _refused("other_client", "The document is about another client id.")
    if any(name in document for name in _SECRETS):
        return _refused("secret_in_public", "A public document holds no secret.")
    if document.get("token_endpoint_auth_method", "none") not in _METHODS:
        return _refused("secret_method", "A client described in public shares no secret.")
    return None


def _refused(code: str, text: str) -> Reason:
    return Reason(code, Severity.ERROR, text, REFERENCE)
