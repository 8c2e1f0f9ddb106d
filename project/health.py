"""Two addresses for whoever watches the site: is the process there, and can it work?"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from idp.models import SigningKey
from idp.services.key import list_keys
from idp.services.key_seal import private_jwk

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

logger = logging.getLogger("project.health")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all; touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every part works, else 503; says which part, and why only in the log."""
    states = {name: _state(name, check) for name, check in PARTS.items()}
    ready = all(state == "ok" for state in states.values())
    return JsonResponse(states, status=200 if ready else 503)


def _state(name: str, check: Callable[[], bool]) -> str:
    try:
        return "ok" if check() else "failing"
    except Exception:  # whatever is wrong with a part, the answer is that it does not work
        logger.exception("%s does not work", name)
        return "failing"


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _migrations_are_applied() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _keys_are_readable() -> bool:
    """Return True when the site can sign; a site without keys makes them at first use."""
    for key in list_keys():
        if key.state == SigningKey.State.ACTIVE:
            private_jwk(key)
    return True


PARTS: dict[str, Callable[[], bool]] = {
    "database": _database_answers,
    "migrations": _migrations_are_applied,
    "keys": _keys_are_readable,
}
"""What must work, by the name that the answer uses."""
