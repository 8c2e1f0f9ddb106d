"""Secrets of clients: made once, shown once, kept as salted digests."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from idp.conf import application_model, idp_settings
from idp.domain.decision import Reason
from idp.models import ClientSecret
from idp.services.change import Refused, fault, record_change
from idp.services.client_secret_value import (
    Secret,
    digest_of,
    generate,
    has_digest,
    has_toolkit_secret,
    kept_as,
    matches_slowly,
    matches_toolkit,
    stands_for_toolkit,
    unusable_secret,
)
from idp.signals import client_secret_issued, client_secret_revoked

Row = TypeVar("Row", bound=Secret)

MAX_LIVE = 5
MAX_LENGTH = 1024
USE_RECORDED_EVERY = timedelta(hours=1)
EARLIER_LABEL = "earlier secret"


class SecretError(Refused):
    """A change of secrets that is refused; ``reason`` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__([("secrets", reason)])
        self.reason = reason


def live(rows: Iterable[Row], now: datetime) -> list[Row]:
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
    reason: str = "",
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
        reason: why; a label that says what it is for may be enough.
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
    row = ClientSecret.objects.create(
        application=application,
        label=label,
        **kept_as(plain),
        last_four=plain[-4:],
        created_at=at,
        created_by=by if getattr(by, "pk", None) else None,
        expires_at=expires_at,
    )
    _tell("client.secret_issued", application, row, by, at, reason)
    transaction.on_commit(
        lambda: client_secret_issued.send(ClientSecret, application=application, secret=row)
    )
    return row, plain


@transaction.atomic
def revoke_client_secret(
    secret: ClientSecret,
    *,
    by: Any = None,
    reason: str = "",
    force: bool = False,
    now: datetime | None = None,
) -> None:
    """End a secret at once.

    Args:
        secret: the row; one that ended already is left as it is.
        by: the user who acts, or None.
        reason: why.
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
        text = "This is the only secret that works. Issue another one first."
        raise SecretError(fault("last_secret", text))
    if not ClientSecret.objects.filter(pk=secret.pk, revoked_at=None).update(revoked_at=at):
        return
    secret.revoked_at = at
    if stands_for_toolkit(secret):
        close_toolkit_secret(application)
    _tell("client.secret_revoked", application, secret, by, at, reason)
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
    reason: str = "",
    now: datetime | None = None,
) -> tuple[ClientSecret, str]:
    """Issue a new secret and let all others end after an overlap.

    Args:
        application: the client's row.
        label: what the new secret is for.
        overlap: how long the old ones go on working; None for ``SECRET_ROTATION_OVERLAP``.
        by: the user who acts, or None.
        reason: why.
        now: the time; defaults to the clock.

    Raises:
        SecretError: as ``issue_client_secret``.
    """
    at = now or timezone.now()
    end = at + (idp_settings.secret_rotation_overlap if overlap is None else overlap)
    row, plain = issue_client_secret(application, label=label, by=by, reason=reason, now=at)
    others = ClientSecret.objects.filter(application=application).exclude(pk=row.pk)
    _end_at(others, end)
    return row, plain


@transaction.atomic
def replace_client_secret(
    application: Any,
    replaced: Iterable[ClientSecret],
    *,
    label: str,
    value: str,
    by: Any = None,
    now: datetime | None = None,
) -> ClientSecret:
    """Issue a secret of a given value in place of some others, which end after the overlap.

    Raises:
        SecretError: as ``issue_client_secret``.
    """
    at = now or timezone.now()
    row, _plain = issue_client_secret(application, label=label, value=value, by=by, now=at)
    old = ClientSecret.objects.filter(pk__in=[secret.pk for secret in replaced])
    _end_at(old, at + idp_settings.secret_rotation_overlap)
    return row


def check_client_secret(
    application: Any | None,
    presented: str,
    *,
    held: Iterable[Secret] | None = None,
    now: datetime | None = None,
) -> bool:
    """Return whether a secret authenticates a client.

    The work is the same for every live secret, and for a client that does not exist.

    Args:
        application: the client's row, or None for an unknown client.
        presented: the secret as sent.
        held: the client's secrets where they are at hand; None to read them.
        now: the time; defaults to the clock.

    Raises:
        TooBusy: only a slow hash can tell, and enough of them are being computed.

    Source: RFC 6749 §2.3.1; RFC 6819 §5.1.4.1.
    """
    at = now or timezone.now()
    if not presented or len(presented) > MAX_LENGTH or not presented.isprintable():
        return False
    if application is None:
        hmac.compare_digest(digest_of("0" * 32, presented), "0" * 64)
        return False
    rows: list[Secret] = list(
        ClientSecret.objects.filter(application=application) if held is None else held
    )
    if not rows:
        return has_toolkit_secret(application) and matches_toolkit(application, presented)
    matched = _matching(application, live(rows, at), presented)
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
        raise SecretError(fault("public_client", text, "RFC 6749 §2.1"))
    if len(working) >= MAX_LIVE:
        text = "The client has %(count)s secrets that work. Revoke one first."
        raise SecretError(fault("too_many_secrets", text, count=len(working)))
    if value is not None and (
        not value.strip() or len(value) > MAX_LENGTH or not value.isprintable()
    ):
        text = "A secret is 1 to %(limit)s printable characters."
        raise SecretError(fault("bad_secret", text, "RFC 6749 A.2", limit=MAX_LENGTH))


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


def _end_at(rows: QuerySet[ClientSecret], end: datetime) -> None:
    ending_later = Q(expires_at=None) | Q(expires_at__gt=end)
    rows.filter(ending_later, revoked_at=None).update(expires_at=end)


def _matching(application: Any, rows: list[Secret], presented: str) -> Secret | None:
    """Return the row of a secret: all digests are compared, then slow hashes if none was right."""
    right = [row for row in rows if has_digest(row, presented)]
    slow = (row for row in rows if matches_slowly(application, row, presented))
    return right[0] if right else next(slow, None)


def _record_use(row: Secret, now: datetime) -> None:
    if row.last_used_at is not None and now - row.last_used_at < USE_RECORDED_EVERY:
        return
    ClientSecret.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lte=now - USE_RECORDED_EVERY), pk=row.pk
    ).update(last_used_at=now)


def _lock(application: Any) -> None:
    application_model()._base_manager.select_for_update().filter(pk=application.pk).first()


def _tell(
    kind: str, application: Any, row: ClientSecret, by: Any, now: datetime, reason: str
) -> None:
    client_id = application.client_id
    record_change(kind, entry=row.label, client_id=client_id, by=by, reason=reason, now=now)
