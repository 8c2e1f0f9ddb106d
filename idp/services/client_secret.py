"""Secrets of clients: made once, shown once, kept as salted digests."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import check_password, identify_hasher
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from idp.conf import application_model, idp_settings
from idp.domain.decision import Reason, Severity
from idp.models import ClientSecret
from idp.services.event import record_event
from idp.signals import client_secret_issued, client_secret_revoked

PREFIX = "idps_"
MAX_LIVE = 5
MAX_LENGTH = 1024
USE_RECORDED_EVERY = timedelta(hours=1)
EARLIER_LABEL = "earlier secret"

# A hash by Django's format that no value is known for: cheap to store, and nothing to revive
# should the site leave this app.
_UNUSABLE = "pbkdf2_sha256$1$idpunusable$"

# Owned by this module: proofs that a slow hash was checked with success, so that it is computed
# once a process. Keyed by a random key of the process; holds neither secrets nor their digests.
_proved: dict[bytes, None] = {}
_proof_key = secrets.token_bytes(32)
MAX_PROVED = 1024


class SecretError(ValueError):
    """A change of secrets that is refused; ``reason`` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.message)
        self.reason = reason


def generate() -> str:
    """Return a new secret: 256 random bits with a prefix and a checksum that scanners recognise."""
    body = PREFIX + secrets.token_urlsafe(32)
    return body + _checksum(body)


def is_well_formed(text: str) -> bool:
    """Return whether a text is a secret that ``generate`` made, by prefix, length and checksum."""
    return (
        len(text) == len(PREFIX) + 49
        and text.startswith(PREFIX)
        and (_checksum(text[:-6]) == text[-6:])
    )


def unusable_secret() -> str:
    """Return a value for the toolkit's own column that no secret matches."""
    return _UNUSABLE + urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")


def has_toolkit_secret(application: Any) -> bool:
    """Return whether the toolkit's own column of a client holds a secret that could match."""
    stored: str = application.client_secret or ""
    return bool(stored) and not stored.startswith(_UNUSABLE)


def live(rows: Iterable[ClientSecret], now: datetime) -> list[ClientSecret]:
    """Return the secrets that authenticate at ``now``."""
    return [
        row
        for row in rows
        if row.revoked_at is None and (row.expires_at is None or now < row.expires_at)
    ]


@transaction.atomic
def issue_client_secret(
    application: Any,
    *,
    label: str,
    by: Any = None,
    expires_at: datetime | None = None,
    value: str | None = None,
    now: datetime | None = None,
) -> tuple[ClientSecret, str]:
    """Give a client another secret and return its row and the secret, which nobody sees again.

    The first secret of a client that already has one in the toolkit's own column leaves that one
    working for ``SECRET_ROTATION_OVERLAP``, so that nothing that runs is broken.

    Args:
        application: the client's row.
        label: what the secret is for.
        by: the user who acts, or None.
        expires_at: when it stops working, or None.
        value: a secret that exists already; None makes a new one.
        now: the time; defaults to the clock.

    Raises:
        SecretError: the client is public, has five live secrets, or ``value`` is no secret.
    """
    at = now or timezone.now()
    _lock(application)
    rows = list(ClientSecret.objects.filter(application=application))
    _refuse_if(application, live(rows, at), value)
    if not rows:
        _keep_toolkit_secret(application, until=at + idp_settings.secret_rotation_overlap, now=at)
    plain = generate() if value is None else value
    salt = secrets.token_hex(16)
    row = ClientSecret.objects.create(
        application=application,
        label=label,
        salt=salt,
        digest=_digest(salt, plain),
        last_four=plain[-4:],
        created_at=at,
        created_by=by if getattr(by, "pk", None) else None,
        expires_at=expires_at,
    )
    _tell("client.secret_issued", application, row, by, at)
    transaction.on_commit(
        lambda: client_secret_issued.send(ClientSecret, application=application, secret=row)
    )
    return row, plain


@transaction.atomic
def revoke_client_secret(
    secret: ClientSecret, *, by: Any = None, force: bool = False, now: datetime | None = None
) -> None:
    """End a secret at once.

    Args:
        secret: the row; one that ended already is left as it is.
        by: the user who acts, or None.
        force: also when it is the last that works.
        now: the time; defaults to the clock.

    Raises:
        SecretError: it is the last secret that works and ``force`` is not given.
    """
    at = now or timezone.now()
    application = secret.application
    _lock(application)
    others = live(ClientSecret.objects.filter(application=application).exclude(pk=secret.pk), at)
    if not others and not force and application.client_type == "confidential":
        raise SecretError(
            Reason(
                "last_secret",
                Severity.ERROR,
                "This is the only secret that works. Issue another one first.",
            )
        )
    if not ClientSecret.objects.filter(pk=secret.pk, revoked_at=None).update(revoked_at=at):
        return
    secret.revoked_at = at
    if not secret.digest:
        close_toolkit_secret(application)
    _tell("client.secret_revoked", application, secret, by, at)
    transaction.on_commit(
        lambda: client_secret_revoked.send(ClientSecret, application=application, secret=secret)
    )


@transaction.atomic
def rotate_client_secret(
    application: Any,
    *,
    label: str = "",
    overlap: timedelta | None = None,
    by: Any = None,
    now: datetime | None = None,
) -> tuple[ClientSecret, str]:
    """Issue a new secret and let all others end after an overlap.

    Args:
        application: the client's row.
        label: what the new secret is for.
        overlap: how long the old ones go on working; None for ``SECRET_ROTATION_OVERLAP``.
        by: the user who acts, or None.
        now: the time; defaults to the clock.

    Raises:
        SecretError: as ``issue_client_secret``.
    """
    at = now or timezone.now()
    end = at + (idp_settings.secret_rotation_overlap if overlap is None else overlap)
    row, plain = issue_client_secret(application, label=label, by=by, now=at)
    ClientSecret.objects.filter(application=application, revoked_at=None).exclude(pk=row.pk).filter(
        Q(expires_at=None) | Q(expires_at__gt=end)
    ).update(expires_at=end)
    return row, plain


def check_client_secret(
    application: Any | None, presented: str, *, now: datetime | None = None
) -> bool:
    """Return whether a secret authenticates a client.

    The work is the same for every live secret, and for a client that does not exist.

    Args:
        application: the client's row, or None for an unknown client.
        presented: the secret as sent.
        now: the time; defaults to the clock.

    Source: RFC 6749 §2.3.1; RFC 6819 §5.1.4.1.
    """
    at = now or timezone.now()
    if not presented or len(presented) > MAX_LENGTH or not presented.isprintable():
        return False
    if application is None:
        hmac.compare_digest(_digest("0" * 32, presented), "0" * 64)
        return False
    rows = list(ClientSecret.objects.filter(application=application))
    if not rows:
        return has_toolkit_secret(application) and _matches_toolkit(application, presented)
    matched = None
    for row in live(rows, at):
        if _matches(application, row, presented):
            matched = row
    if matched is not None:
        _record_use(matched, at)
    return matched is not None


def close_toolkit_secret(application: Any) -> None:
    """Make the toolkit's own column match nothing; a signing secret (HS256) stays what it is."""
    if application.algorithm == "HS256":
        return
    application.client_secret = unusable_secret()
    application_model()._default_manager.filter(pk=application.pk).update(
        client_secret=application.client_secret
    )


def _refuse_if(application: Any, working: list[ClientSecret], value: str | None) -> None:
    if application.client_type != "confidential":
        text = "A public client keeps no secret."
        raise SecretError(Reason("public_client", Severity.ERROR, text, "RFC 6749 §2.1"))
    if len(working) >= MAX_LIVE:
        text = "The client has %(count)s secrets that work. Revoke one first."
        raise SecretError(
            Reason("too_many_secrets", Severity.ERROR, text, params={"count": len(working)})
        )
    if value is not None and (
        not value.strip() or len(value) > MAX_LENGTH or not value.isprintable()
    ):
        text = "A secret is 1 to %(limit)s printable characters."
        raise SecretError(
            Reason("bad_secret", Severity.ERROR, text, "RFC 6749 A.2", {"limit": MAX_LENGTH})
        )


def _keep_toolkit_secret(application: Any, *, until: datetime, now: datetime) -> None:
    """Stand a row in for the secret in the toolkit's column, so that it ends like any other."""
    if not has_toolkit_secret(application):
        return
    ClientSecret.objects.create(
        application=application,
        label=EARLIER_LABEL,
        salt="",
        digest="",
        last_four="",
        created_at=getattr(application, "created", None) or now,
        expires_at=until,
    )


def _matches(application: Any, row: ClientSecret, presented: str) -> bool:
    if not row.digest:
        return has_toolkit_secret(application) and _matches_toolkit(application, presented)
    return hmac.compare_digest(_digest(row.salt, presented), row.digest)


def _matches_toolkit(application: Any, presented: str) -> bool:
    stored: str = application.client_secret
    try:
        identify_hasher(stored)
    except ValueError:
        return hmac.compare_digest(stored.encode(), presented.encode())
    proof = hmac.digest(_proof_key, f"{stored}\0{presented}".encode(), "sha256")
    if proof in _proved:
        return True
    if not check_password(presented, stored):
        return False
    while len(_proved) >= MAX_PROVED:
        _proved.pop(next(iter(_proved)), None)
    _proved[proof] = None
    return True


def _record_use(row: ClientSecret, now: datetime) -> None:
    if row.last_used_at is not None and now - row.last_used_at < USE_RECORDED_EVERY:
        return
    ClientSecret.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lte=now - USE_RECORDED_EVERY), pk=row.pk
    ).update(last_used_at=now)


def _lock(application: Any) -> None:
    application_model()._base_manager.select_for_update().filter(pk=application.pk).first()


def _digest(salt: str, secret: str) -> str:
    return hashlib.sha256(f"{salt}{secret}".encode()).hexdigest()


def _checksum(body: str) -> str:
    digest = hashlib.sha256(body.encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(digest)[:6].decode("ascii")


def _tell(kind: str, application: Any, row: ClientSecret, by: Any, now: datetime) -> None:
    record_event(
        kind,
        severity="info",
        client_id=application.client_id,
        user=by if getattr(by, "pk", None) else None,
        detail={"label": row.label, "secret_id": row.pk},
        now=now,
    )
