"""What a self-registered client manages its own registration with (RFC 7592 §3)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from idp.conf import access_token_model
from idp.domain.credential import generate, is_well_formed
from idp.models import ClientPolicy

PREFIX = "idpreg"
MAX_LENGTH = 1_024


def issue_registration_token(
    policy: ClientPolicy, *, lifetime: timedelta | None, now: datetime
) -> str:
    """Give a client a new token in place of any other, and return it; only a digest is kept.

    Args:
        policy: the client's row, locked by the caller.
        lifetime: how long it works; None for as long as the client exists.
        now: the time.
    """
    plain = generate(PREFIX)
    policy.registration_token = _digest(plain)
    policy.registration_token_expires_at = None if lifetime is None else now + lifetime
    policy.save(update_fields=("registration_token", "registration_token_expires_at"))
    return plain


def is_registration_token(
    application: Any, policy: ClientPolicy, presented: str, *, toolkit_scope: str, now: datetime
) -> bool:
    """Return whether a token manages a client's registration.

    Args:
        application: the client's row.
        policy: our row of it.
        presented: the token as sent.
        toolkit_scope: scope of the tokens that the toolkit gave to clients which registered before.
        now: the time.
    """
    if not presented or len(presented) > MAX_LENGTH or not presented.isprintable():
        return False
    if not policy.registration_token:
        return _is_of_the_toolkit(application, presented, toolkit_scope, now)
    ends = policy.registration_token_expires_at
    if not is_well_formed(presented, PREFIX) or (ends is not None and ends <= now):
        return False
    return hmac.compare_digest(policy.registration_token, _digest(presented))


def forget_toolkit_tokens(application: Any, toolkit_scope: str) -> None:
    """Remove the tokens that the toolkit gave to a client that registered before."""
    rows = access_token_model()._default_manager.filter(application=application)
    rows.filter(scope=toolkit_scope).delete()


def _is_of_the_toolkit(application: Any, presented: str, scope: str, now: datetime) -> bool:
    if getattr(application, "registration_source", "") != "dcr":
        return False
    rows = access_token_model()._default_manager.filter(application=application, scope=scope)
    return bool(rows.filter(token_checksum=_digest(presented), expires__gt=now).exists())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
