"""Signed receipts of consent, for the user to keep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from joserfc import jws
from joserfc.jwk import import_key

from idp.models import ConsentEvent, ConsentSnapshot, SigningKey
from idp.services.connected_app_history import events_of
from idp.services.key import signing_key
from idp.services.key_seal import private_jwk
from idp.services.ledger import content

ALGORITHM = "ES256"
TYPE = "consent-receipt+jwt"
KINDS = ("granted", "extended", "renewed", "narrowed", "imported")
"""Events that leave a user with a consent, each of which has a receipt."""


def issue_receipt(event: ConsentEvent, *, issuer: str, account: str = "") -> str:
    """Return a signed statement of what a user allowed, as a compact JWS.

    The key is of its own use: no receipt can pass for a token, and its public half stays
    published for ever.

    Args:
        event: of a kind that has a receipt.
        issuer: identifier of the provider.
        account: name of the account, for the reader; the ledger does not know it.

    Raises:
        ValueError: the event allowed nothing.

    Source: RFC 7515; RFC 8725 §3.11 (explicit typing).
    """
    if event.kind not in KINDS:
        raise ValueError(f"no receipt for an event of kind {event.kind}")
    key = signing_key(ALGORITHM, SigningKey.Use.RECEIPTS)
    page = ConsentSnapshot.objects.filter(digest=event.snapshot_digest).first()
    claims = {
        "iss": issuer,
        "iat": int(event.at.timestamp()),
        "jti": str(event.event_id),
        "sub": event.subject_key,
        **({"account": account} if account else {}),
        "event": content(event),
        "digest": event.digest,
        "page": page.document if page is not None else None,
    }
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}
    payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":"))
    return jws.serialize_compact(header, payload.encode(), private_jwk(key))


def read_receipt(receipt: str) -> dict[str, Any]:
    """Return the claims of a receipt that this site signed.

    Raises:
        joserfc.errors.JoseError: the signature is not ours.
        ValueError: the text is no receipt.
    """
    header = jws.extract_compact(receipt.encode()).headers()
    row = SigningKey.objects.filter(
        kid=str(header.get("kid", "")), use=SigningKey.Use.RECEIPTS
    ).first()
    if row is None or header.get("typ") != TYPE:
        raise ValueError("this is no receipt of this site")
    key = import_key(row.public_jwk)
    opened = jws.deserialize_compact(receipt, key, algorithms=[ALGORITHM])
    claims: dict[str, Any] = json.loads(opened.payload)
    return claims


def receipts_of(user: Any, application: Any, *, issuer: str) -> Iterator[dict[str, str]]:
    """Yield the receipts of a user about a client, oldest first, each with its event's id."""
    events = events_of(user, application).filter(kind__in=KINDS).order_by("sequence")
    for event in events.iterator(chunk_size=100):
        receipt = issue_receipt(event, issuer=issuer, account=user.get_username())
        yield {"event": str(event.event_id), "kind": event.kind, "receipt": receipt}
