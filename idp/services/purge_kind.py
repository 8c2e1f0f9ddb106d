"""What a purge removes: kind by kind, the rows that are due and what must go with them.

A refresh token goes together with the toolkit's row of it, never before: our row is what says that
it has expired or was used, and without it the toolkit's row would count again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from idp.conf import (
    access_token_model,
    application_model,
    device_grant_model,
    grant_model,
    id_token_model,
    idp_settings,
    refresh_token_model,
)
from idp.models import (
    Authorization,
    AuthorizationRequest,
    BulkTask,
    ConsentUse,
    DeviceAuthorization,
    IssuedToken,
    LogoutDelivery,
    SecurityEvent,
    SignIn,
    UsedAssertion,
)
from idp.models.expression import among
from idp.services.registration_limit import unused_clients
from idp.services.removal import delete_keys, delete_rows

TOKENS_KEPT = timedelta(days=1)
"""How long what expired is kept: clocks differ, and operators look at what just happened."""
AUTHORIZATIONS_KEPT = timedelta(days=90)
"""How long authorizations that ended, sign-out messages that were sent, and what finished tasks
worked on, are kept."""
RECORDS_KEPT = timedelta(days=365)
"""How long security events, sign-ins and counts of silent uses are kept."""

Keys = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rows.

    Attributes:
        name: a word for them.
        rows: those that are due at a time.
        remove: removes rows by their keys with what must go with them; returns how many went.
    """

    name: str
    rows: Callable[[datetime], QuerySet[Any]]
    remove: Callable[[Keys], int]


def _requests(now: datetime) -> QuerySet[Any]:
    """Return the expired ones but for pushed ones that a page still waits for."""
    expired = AuthorizationRequest.objects.filter(expires_at__lte=now)
    waiting = AuthorizationRequest.objects.filter(origin=OuterRef("pk"), expires_at__gt=now)
    return expired.filter(~Exists(waiting))


def _codes(now: datetime) -> QuerySet[Any]:
    return _all(grant_model()).filter(expires__lte=now)


def _device_codes(now: datetime) -> QuerySet[Any]:
    return _all(device_grant_model()).filter(expires__lte=now - TOKENS_KEPT)


def _devices(now: datetime) -> QuerySet[Any]:
    return DeviceAuthorization.objects.filter(expires_at__lte=now - TOKENS_KEPT)


def _issued_tokens(now: datetime) -> QuerySet[Any]:
    return IssuedToken.objects.filter(expires_at__lte=now - TOKENS_KEPT)


def _remove_issued_tokens(keys: Keys) -> int:
    delete_rows(_among(refresh_token_model(), keys, "token_checksum"))
    return delete_keys(IssuedToken, keys)


def _authorizations(now: datetime) -> QuerySet[Any]:
    before = now - AUTHORIZATIONS_KEPT
    return Authorization.objects.filter(Q(ended_at__lte=before) | Q(expires_at__lte=before))


def _remove_authorizations(keys: Keys) -> int:
    issued = _among(IssuedToken, keys, "authorization")
    checksums = list(issued.values_list("checksum", flat=True))
    refresh = refresh_token_model()
    # Two statements, each by its own index, and not one that looks at every row.
    delete_rows(_among(refresh, keys, "token_family"))
    if checksums:
        delete_rows(_among(refresh, checksums, "token_checksum"))
        delete_rows(_among(access_token_model(), checksums, "token_checksum"))
    return delete_keys(Authorization, keys)


def _refresh_tokens(now: datetime) -> QuerySet[Any]:
    """Return the toolkit's revoked ones whose replay our own rows recognise, or nobody any more.

    An older one, which we have no row of, is how the toolkit recognises a replay, and stays as long
    as such a token could live.
    """
    ours = IssuedToken.objects.filter(pk=OuterRef("token_checksum"))
    due = Q(Exists(ours))
    longest = idp_settings.refresh_token_lifetime or idp_settings.refresh_token_idle_lifetime
    if longest is not None:
        due |= Q(revoked__lte=now - longest)
    return _all(refresh_token_model()).filter(due, revoked__lte=now - TOKENS_KEPT)


def _access_tokens(now: datetime) -> QuerySet[Any]:
    """Return the expired ones but for those that a live refresh token still points to.

    The toolkit's own clean-up takes a live refresh token without its access token for a stray one.
    """
    live = _all(refresh_token_model()).filter(revoked=None, access_token=OuterRef("pk"))
    expired = _all(access_token_model()).filter(expires__lte=now - TOKENS_KEPT)
    return expired.filter(~Exists(live))


def _id_tokens(now: datetime) -> QuerySet[Any]:
    used = _all(access_token_model()).filter(id_token=OuterRef("pk"))
    return _all(id_token_model()).filter(~Exists(used), expires__lte=now - TOKENS_KEPT)


def _events(now: datetime) -> QuerySet[Any]:
    return SecurityEvent.objects.filter(last_at__lte=now - RECORDS_KEPT)


def _sign_ins(now: datetime) -> QuerySet[Any]:
    """Return old ones, but for those under which something still lives."""
    living = Authorization.objects.filter(sign_in=OuterRef("pk"), ended_at=None)
    return SignIn.objects.filter(~Exists(living), at__lte=now - RECORDS_KEPT)


def _logout_deliveries(now: datetime) -> QuerySet[Any]:
    return LogoutDelivery.objects.filter(ended_at__lte=now - AUTHORIZATIONS_KEPT)


def _used_assertions(now: datetime) -> QuerySet[Any]:
    return UsedAssertion.objects.filter(expires_at__lte=now)


def _silent_uses(now: datetime) -> QuerySet[Any]:
    return ConsentUse.objects.filter(day__lte=(now - RECORDS_KEPT).date())


def _finished_tasks(now: datetime) -> QuerySet[Any]:
    """Return the finished ones that still know what they worked on."""
    return BulkTask.objects.filter(finished_at__lte=now - AUTHORIZATIONS_KEPT).exclude(target={})


def _forget_of_tasks(keys: Keys) -> int:
    """Forget keys, address and browser; that somebody did such work, when and why, stays."""
    tasks = list(BulkTask.objects.filter(among(BulkTask, "pk", keys)).defer("target"))
    for task in tasks:
        task.target = {}
        task.origin = {"request_id": task.origin.get("request_id", "")}
    BulkTask.objects.bulk_update(tasks, ("target", "origin"), batch_size=500)
    return len(tasks)


def _unused_registrations(now: datetime) -> QuerySet[Any]:
    """Return self-registered clients that nobody uses, but for those with a living token."""
    tokens = _all(access_token_model()).filter(application=OuterRef("application"), expires__gt=now)
    refresh = _all(refresh_token_model()).filter(application=OuterRef("application"), revoked=None)
    rows = unused_clients(now - idp_settings.registration_unused_after)
    return rows.filter(~Exists(tokens), ~Exists(refresh))


def _remove_unused_registrations(keys: Keys) -> int:
    """Remove clients by their policies, after asking once more whether they are unused."""
    clients = list(unused_clients().filter(pk__in=keys).values_list("application", flat=True))
    return delete_keys(application_model(), clients)


def _all(model: Any) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._default_manager.all()
    return rows


def _among(model: Any, keys: Keys, name: str) -> QuerySet[Any]:
    return _all(model).filter(among(model, name, keys))


def _plain(model: Callable[[], Any]) -> Callable[[Keys], int]:
    return lambda keys: delete_keys(model(), keys)


KINDS = (
    Kind("authorization requests", _requests, _plain(lambda: AuthorizationRequest)),
    Kind("authorization codes", _codes, _plain(grant_model)),
    Kind("device codes", _device_codes, _plain(device_grant_model)),
    Kind("device authorizations", _devices, _plain(lambda: DeviceAuthorization)),
    Kind("issued tokens", _issued_tokens, _remove_issued_tokens),
    Kind("authorizations", _authorizations, _remove_authorizations),
    Kind("refresh tokens", _refresh_tokens, _plain(refresh_token_model)),
    Kind("access tokens", _access_tokens, _plain(access_token_model)),
    Kind("ID tokens", _id_tokens, _plain(id_token_model)),
    Kind("used assertions", _used_assertions, _plain(lambda: UsedAssertion)),
    Kind("events", _events, _plain(lambda: SecurityEvent)),
    Kind("sign-out messages", _logout_deliveries, _plain(lambda: LogoutDelivery)),
    Kind("sign-ins", _sign_ins, _plain(lambda: SignIn)),
    Kind("silent uses", _silent_uses, _plain(lambda: ConsentUse)),
    Kind("objects of finished tasks", _finished_tasks, _forget_of_tasks),
    Kind("unused registrations", _unused_registrations, _remove_unused_registrations),
)
"""In this order, because what goes first lets more of the later ones go."""
