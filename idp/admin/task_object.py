"""What long work is about: the client, the user and the scopes, found from either side.

Tasks are few: each was begun by a person, so that no filter here needs an index.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.filter import TextFilter
from idp.admin.party import client_keys, user_named
from idp.conf import application_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet
    from django.utils.safestring import SafeString

    from idp.models import BulkTask

SHOWN = 20


class ClientFilter(TextFilter):
    """Work on the clients with a name or identifier."""

    title = _("client")
    parameter_name = "client"
    hint = _("name or client id")

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the tasks of these clients, whose number is small as that of all tasks is."""
        found = Q()
        for key in client_keys(text):
            among = Q(target__applications__icontains=f'"{key}"')
            found |= Q(target__application=str(key)) | among
        return queryset.filter(found) if found else queryset.none()


class UserFilter(TextFilter):
    """Work on one user."""

    title = _("user")
    parameter_name = "user"
    hint = _("sign-in name, address or id")

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the tasks of this user."""
        user = user_named(text)
        return queryset.none() if user is None else queryset.filter(target__user=str(user.pk))


class ScopeFilter(TextFilter):
    """Work on one scope."""

    title = _("scope")
    parameter_name = "scope"
    hint = _("full name of a scope")

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the tasks of this scope."""
        among = Q(target__scopes__icontains=json.dumps(text))
        return queryset.filter(Q(target__scope=text) | among)


def about(task: BulkTask) -> SafeString | str:
    """Return what a task works on, each with a link; a dash for everything, or after a purge."""
    return format_html_join(" · ", "{}", ((link,) for link in _links(task.target))) or display.EMPTY


def _links(target: dict[str, Any]) -> Iterator[SafeString | str]:
    clients = [target.get("application"), *target.get("applications", ())][:SHOWN]
    keys = [key for key in clients if key]
    for client in application_model()._default_manager.filter(pk__in=keys):
        yield display.client_link(client)
    if target.get("user"):
        yield display.user_link(get_user_model()._default_manager.filter(pk=target["user"]).first())
    scopes = [target.get("scope"), *target.get("scopes", ())][:SHOWN]
    yield from display.links_of_scopes(name for name in scopes if name).values()
