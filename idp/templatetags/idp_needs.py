"""What needs a hand on the operator's start page, each with the way to its remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.conf import application_model
from idp.services.attention import needs
from idp.services.doctor_code import Code
from idp.services.doctor_finding import TEXTS

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest
    from django.utils.functional import _StrOrPromise

register = template.Library()

TONES = {"error": "danger", "warning": "warn", "info": "plain"}


class Place(NamedTuple):
    """Where something is put right.

    Attributes:
        way: what the link says.
        permission: what the way needs; ``client`` for reading clients, ``client_add`` for adding.
        name: name of the admin page; ``client_`` stands for the client's model.
        query: what follows its address.
    """

    way: _StrOrPromise
    permission: str
    name: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that needs a hand.

    Attributes:
        words: what it is, with its number.
        url: where it is put right.
        way: what the link says.
        tone: ``danger``, ``warn`` or ``plain``; the worst come first.
        at: when it was found, where that is not just now.
    """

    words: str
    url: str
    way: _StrOrPromise
    tone: str
    at: datetime | None


@register.simple_tag
def desk_tasks(request: HttpRequest) -> list[Task]:
    """Return what needs a hand and is the operator's to do, the most urgent first."""
    found = []
    for need in needs(timezone.now()):
        place = PLACES.get(need.code, Place(_("What to do"), "view_sitestate", FINDINGS))
        if not _may(request, place.permission):
            continue
        url = _url(place) + (f"#{need.code}" if place.name == FINDINGS else "")
        words = str(TEXTS[need.code].title)
        if need.code not in ALONE:
            words = f"{words}: {need.count}"
        found.append(Task(words, url, place.way, TONES[TEXTS[need.code].severity], need.at))
    return found


@register.simple_tag
def desk_ways(request: HttpRequest) -> list[tuple[str, _StrOrPromise]]:
    """Return where the operator begins what is done most: addresses and what the links say."""
    return [(_url(place), place.way) for place in WAYS if _may(request, place.permission)]


def _may(request: HttpRequest, permission: str) -> bool:
    user: Any = request.user
    if permission.startswith("client"):
        opts = application_model()._meta
        action = permission.partition("_")[2] or "view"
        return bool(user.has_perm(f"{opts.app_label}.{action}_{opts.model_name}"))
    return bool(user.has_perm(f"idp.{permission}"))


def _url(place: Place) -> str:
    opts, name = application_model()._meta, place.name
    if name.startswith("client_"):
        name = f"{opts.app_label}_{opts.model_name}_{name.removeprefix('client_')}"
    try:
        base = reverse(f"admin:{name}")
    except NoReverseMatch:
        return ""
    return f"{base}?{place.query}" if place.query else base


def _clients(finding: str = "") -> Place:
    query = f"finding={finding}" if finding else ""
    return Place(_("Show the clients"), "client", "client_changelist", query)


def _events(query: str) -> Place:
    name = "idp_securityevent_changelist"
    return Place(_("Look at them"), "view_securityevent", name, query)


def _keys(way: _StrOrPromise) -> Place:
    return Place(way, "view_signingkey", "idp_signingkey_changelist")


def _messages(state: str) -> Place:
    name = "idp_logoutdelivery_changelist"
    return Place(_("Look at them"), "view_logoutdelivery", name, f"state__exact={state}")


FINDINGS = "idp_sitestate_findings"

WAYS = (
    Place(_("Clients"), "client", "client_changelist"),
    Place(_("Add a client"), "client_add", "client_add"),
    Place(_("Find a token"), "view_authorization", "idp_find_token"),
    Place(_("Explain a decision"), "explain_decision", "idp_explain"),
    Place(_("Who had access?"), "view_consentevent", "idp_consentevent_who"),
    Place(_("Take access back"), "revoke_consent", "idp_take_back"),
    Place(_("All findings"), "view_sitestate", FINDINGS),
)
"""What an operator comes for, beside what needs a hand."""

PLACES: Mapping[Code, Place] = MappingProxyType(
    {
        Code.TOKEN_REPLAYED: _events("kind=token.replayed"),
        Code.REFUSALS_REPEAT: Place(
            _("Look at them"), "view_securityevent", "idp_securityevent_groups"
        ),
        Code.REDIRECT_URI_BROKEN: _clients("error"),
        Code.REDIRECT_URI_UNUSED: _clients("unused_uri"),
        Code.CLIENT_UNUSED: _clients("unused"),
        Code.SECRET_EXPIRING: _clients("secret_ends"),
        Code.APPROVAL_WAITING: Place(
            _("Decide"), "view_clientscope", "idp_clientscope_changelist", "state__exact=requested"
        ),
        Code.KEY_MISSING: _keys(_("Keys")),
        Code.KEY_OLD: _keys(_("Rotate")),
        Code.REPORTING: Place(
            _("What enforcing would refuse"), "view_sitestate", "idp_sitestate_mode"
        ),
        Code.LEDGER_BROKEN: Place(
            _("Show where"), "view_consentevent", "idp_consentevent_changelist"
        ),
        Code.LOGOUT_LATE: _messages("waiting"),
        Code.LOGOUT_FAILED: _messages("failed"),
    }
)
"""What has a page of its own; everything else is explained among the findings."""

ALONE = frozenset(
    {
        Code.DEBUG_ON,
        Code.ANY_HOST,
        Code.SHORT_SECRET_KEY,
        Code.NO_HTTPS,
        Code.NO_HSTS,
        Code.ISSUER_WITHOUT_HTTPS,
        Code.ISSUER_UNSET,
        Code.REPORTING,
        Code.KEY_MISSING,
        Code.LEDGER_UNVERIFIED,
        Code.FILE_UNREADABLE,
        Code.NOT_EXAMINED,
    }
)
"""What is there or is not, so that its number says nothing."""
