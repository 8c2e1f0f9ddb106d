"""When a client was last used, to the hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connections, router
from django.db.models import Q

from idp.models import ClientPolicy
from idp.services.client import Client

NOTED_EVERY = timedelta(hours=1)
"""How exact ``ClientPolicy.last_used_at`` is: seldom written, so that requests do not queue."""


def note_client_use(client: Client, now: datetime) -> None:
    """Remember that a client proved who it is, or got tokens; at most once an hour.

    Written once no transaction is open: the client's row is locked by nothing that waits. What
    keeps it from being written is logged, and harms nothing that was done.

    Args:
        client: as loaded for this request; one without a policy row keeps none.
        now: the time.
    """
    policy = client.policy
    if policy._state.adding:
        return
    if policy.last_used_at is not None and now - policy.last_used_at < NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)

    def write() -> None:
        ClientPolicy.objects.filter(stale, pk=policy.pk).update(last_used_at=now)
        policy.last_used_at = now

    connection = connections[router.db_for_write(ClientPolicy)]
    if connection.in_atomic_block or connection.get_autocommit():
        connection.on_commit(write, robust=True)
    else:  # the site commits by itself
        write()
