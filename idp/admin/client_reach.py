"""What a client may ask for and why, scope by scope; and whose tokens it may ask about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.models import ClientScope, Scope
from idp.services.client import grant_types_of, policy_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from idp.admin.base import DeskAdmin
    from idp.models import ClientPolicy

MOST_APIS = 10
SCOPE_TONES = {"registered": "plain", "requested": "warn", "approved": "good", "refused": "danger"}


def apis(policy: ClientPolicy) -> SafeString | str:
    """Return the APIs whose tokens the client may ask about."""
    rows = policy.served_apis.order_by("name")[:MOST_APIS] if policy.pk is not None else ()
    return format_html_join(", ", "{}", ((display.object_link(row),) for row in rows)) or (
        display.EMPTY
    )


def scopes(desk: DeskAdmin, request: HttpRequest, application: Any) -> SafeString:
    """Return the scopes of a client as a table, each with its rules and where it stands."""
    link: Any = display.object_link
    if not desk.may(request, "view", Scope):
        link = plain
    rows = ClientScope.objects.filter(application=application).select_related("scope__policy")[:200]
    explain = _explain(desk, request, application)
    cells = (
        (
            link(row.scope, display.codes([row.scope.name])),
            link(row.scope.policy),
            row.get_requirement_display(),
            display.badge(_("By default")) if row.default else display.EMPTY,
            link(row, display.badge(row.get_state_display(), SCOPE_TONES.get(row.state, "plain"))),
            display.moment(row.until),
            explain(row.scope.name),
        )
        for row in rows
    )
    heads = (
        _("Scope"), _("Policy"), _("Requirement"), _("Default"), _("State"), _("Until"), _("Why"),
    )  # fmt: skip
    return display.table(
        _("Scopes of the client"), heads, cells, gettext("None. Choose them in the settings.")
    )


def _explain(desk: DeskAdmin, request: HttpRequest, application: Any) -> Callable[[str], Any]:
    """Return what leads from a scope to the rules about it, for whoever may see them."""
    if not desk.has(request, "explain_decision"):
        return lambda name: display.EMPTY
    url = reverse(f"{desk.admin_site.name}:idp_explain")
    types = grant_types_of(application, policy_of(application))
    asks = "authorization_code" if "authorization_code" in types else min(types, default="")

    def way(name: str) -> SafeString:
        asked = urlencode({"client": application.pk, "scope": name, "grant_type": asks})
        return display.link(f"{url}?{asked}", _("Rule by rule"))

    return way


def plain(row: Any, words: Any = None) -> Any:
    """Return words where others get a link."""
    return (words or str(row)) if row is not None else display.EMPTY
