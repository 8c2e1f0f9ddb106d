"""The way from an object to what belongs to it: lists that are filtered to it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.conf import access_token_model, grant_model, refresh_token_model
from idp.models import (
    Authorization,
    BulkTask,
    ClientLogo,
    ClientScope,
    Consent,
    ConsentEvent,
    DeviceAuthorization,
    LogoutDelivery,
    SecurityEvent,
    SignIn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from django.db.models import Model
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from idp.admin.base import DeskAdmin


class Listed(NamedTuple):
    """A list, and what it can be filtered by.

    Attributes:
        model: returns the model of the list.
        by: parameters of its filters.
    """

    model: Callable[[], type[Model]]
    by: frozenset[str]


def _listed(model: Callable[[], type[Model]], *by: str) -> Listed:
    return Listed(model, frozenset(by))


LISTS = (
    _listed(lambda: Consent, "client", "user", "scope"),
    _listed(lambda: Authorization, "client", "user", "scope"),
    _listed(access_token_model, "client", "user"),
    _listed(refresh_token_model, "client", "user"),
    _listed(grant_model, "client", "user"),
    _listed(lambda: DeviceAuthorization, "client", "user"),
    _listed(lambda: SignIn, "user"),
    _listed(lambda: LogoutDelivery, "client"),
    _listed(lambda: ConsentEvent, "client", "user", "scope"),
    _listed(lambda: SecurityEvent, "client", "user"),
    _listed(lambda: ClientScope, "client", "scope", "policy"),
    _listed(lambda: ClientLogo, "client"),
    _listed(lambda: BulkTask, "client", "user", "scope"),
)
"""Every list that belongs to something, in the order in which they are named."""


def ways(desk: DeskAdmin, request: HttpRequest, **named: str) -> Iterator[tuple[Any, str]]:
    """Yield name and address of each list that can be filtered to something, and may be read.

    Args:
        desk: the page's admin.
        request: of who reads.
        **named: ``client`` (its id), ``user`` (the sign-in name), ``scope`` and ``policy``, as the
            filters take them; several narrow a list together.
    """
    for listed in LISTS:
        model = listed.model()
        if named.keys() <= listed.by and desk.may(request, "view", model):
            url = display.admin_url(model, "changelist")
            if url:
                words = capfirst(str(model._meta.verbose_name_plural))
                yield words, f"{url}?{urlencode(named)}"


def links(pairs: Iterable[tuple[Any, str]]) -> SafeString:
    """Return ways as a list of links."""
    items = format_html_join("", "<li>{}</li>", ((display.link(url, w),) for w, url in pairs))
    return format_html('<ul class="desk-ways">{}</ul>', items)


def part(desk: DeskAdmin, request: HttpRequest, **named: str) -> dict[str, Any]:
    """Return the section of a page that leads to what belongs to its object."""
    pair = {"client", "user"} <= named.keys()
    return {
        "title": _("All of this user and this client") if pair else _("What belongs to it"),
        "anchor": "neighbours",
        "body": links(ways(desk, request, **named)),
    }
