"""Protected resources: the APIs that tokens are meant for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from idp.domain import uri
from idp.models import Api, ClientPolicy
from idp.services.catalogue_change import finish_change, lock_catalogue, record_removal
from idp.services.change import FieldChange, Refused, fault, field_changes, model_faults

API_FIELDS = ("identifier", "name", "access_token_format")


@transaction.atomic
def save_api(
    api: Api,
    *,
    resource_servers: Iterable[ClientPolicy] | None = None,
    by: Any = None,
    now: datetime | None = None,
) -> list[FieldChange]:
    """Store a protected resource.

    Args:
        api: the row with its new values, saved before or not.
        resource_servers: the clients that may introspect its tokens; None leaves them alone.
        by: the user who acts, or None.
        now: the time; defaults to the clock.

    Returns:
        What changed; nothing when it was stored like this already.

    Raises:
        Refused: the identifier is no absolute URI without fragment, or a field is wrong.

    Source: RFC 8707 §2.
    """
    lock_catalogue()
    problems = list(model_faults(api))
    if api.identifier and not uri.is_absolute(api.identifier):
        text = "An API is identified by an absolute URI without fragment."
        problems.append(("identifier", fault("not_absolute", text, "RFC 8707 §2")))
    if problems:
        raise Refused(problems)
    changes = field_changes(api, API_FIELDS)
    if changes:
        api.save()
    if resource_servers is not None:
        changes += _set_servers(api, list(resource_servers))
    return finish_change("api", api.identifier, changes, by, now)


@transaction.atomic
def remove_api(api: Api, *, by: Any = None, now: datetime | None = None) -> None:
    """Delete an API that has no scopes.

    Raises:
        Refused: it has scopes, retired ones included.
    """
    lock_catalogue()
    scopes = list(api.scopes.values_list("name", flat=True)[:5])
    if scopes:
        text = "The API has scopes: %(scopes)s."
        raise Refused([("identifier", fault("in_use", text, scopes=", ".join(scopes)))])
    identifier = api.identifier
    api.delete()
    record_removal("api", identifier, by, now)


def _set_servers(api: Api, servers: list[ClientPolicy]) -> list[FieldChange]:
    old = set(api.resource_servers.values_list("application__client_id", flat=True))
    new = {server.application.client_id for server in servers}
    if old == new:
        return []
    api.resource_servers.set(servers)
    return [FieldChange("resource_servers", sorted(old), sorted(new))]
