"""Which authorization a token belongs to, and the lock under which a refresh token is exchanged."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from idp.models import Authorization, IssuedToken
from idp.models.prepared import Prepared
from idp.services.authorization import PARTIES, checksum


def lock_family(refresh_checksum: str, application: Any, now: datetime) -> IssuedToken | None:
    """Return the row of a refresh token with its authorization locked, or None for an unknown one.

    The lock is a write: it notes the use. It is taken before anything is read of the token, so that
    what is read holds until commit. The family of another client, and one that has ended, stays as
    it is; nothing can be minted from either.

    Args:
        refresh_checksum: of the token as presented.
        application: the authenticated client.
        now: the time.
    """
    issued = IssuedToken.objects.filter(checksum=refresh_checksum, kind=IssuedToken.Kind.REFRESH)
    Authorization.objects.filter(
        pk__in=issued.values("authorization"), application=application, ended_at=None
    ).update(last_used_at=now)
    return _REFRESH.first(refresh_checksum)


_REFRESH: Prepared[IssuedToken] = Prepared(
    lambda digest: IssuedToken.objects.select_related(
        *(f"authorization__{party}" for party in PARTIES)
    ).filter(checksum=digest, kind=IssuedToken.Kind.REFRESH)
)


def new_tokens(
    authorization: Authorization,
    *,
    access: str,
    access_expires_at: datetime,
    refresh: str = "",
    refresh_expires_at: datetime | None = None,
    now: datetime,
) -> list[IssuedToken]:
    """Return rows, not yet stored, that say which authorization new tokens belong to."""
    rows = [
        IssuedToken(
            checksum=checksum(access),
            kind=IssuedToken.Kind.ACCESS,
            authorization=authorization,
            created_at=now,
            expires_at=access_expires_at,
        )
    ]
    if refresh:
        rows.append(
            IssuedToken(
                checksum=checksum(refresh),
                kind=IssuedToken.Kind.REFRESH,
                authorization=authorization,
                created_at=now,
                expires_at=refresh_expires_at,
            )
        )
    return rows


def record_tokens(rows: list[IssuedToken], used: IssuedToken | None = None) -> None:
    """Store rows of ``new_tokens``, and that a refresh token was used for them, in one statement.

    Args:
        rows: the new ones.
        used: the refresh token's row with ``used_at`` and ``answer`` as they are now, or None.
    """
    if used is None:
        IssuedToken.objects.bulk_create(rows)
        return
    IssuedToken.objects.bulk_create(
        [*rows, used],
        update_conflicts=True,
        unique_fields=("checksum",),
        update_fields=("used_at", "answer"),
    )
