"""What enforcing would refuse, by rule and client, each leading to its events and explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.event import explain_url
from idp.models import SecurityEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.utils.safestring import SafeString

REPORTED = ".would_refuse"
LOOKED_AT = 2_000
"""How many of the newest would-be refusals are counted."""

SHOWN = 50
FIELDS = ("kind", "reasons", "client_id", "user_id", "detail", "count", "last_at")


@dataclass(slots=True)
class Group:
    """The would-be refusals of one client by one rule.

    Attributes:
        kind: of the events.
        rule: code of the reason.
        client_id: the client.
        newest: the newest event, as plain values.
        times: how often.
    """

    kind: str
    rule: str
    client_id: str
    newest: dict[str, Any]
    times: int = 0

    @property
    def last_at(self) -> datetime:
        """Return when it last happened."""
        moment: datetime = self.newest["last_at"]
        return moment


def groups() -> list[Group]:
    """Return the would-be refusals grouped by rule and client, the most frequent first."""
    found: dict[tuple[str, str, str], Group] = {}
    events = SecurityEvent.objects.filter(kind__endswith=REPORTED).order_by("-last_at", "-id")
    for event in events.values(*FIELDS)[:LOOKED_AT]:
        for rule in _rules(event["reasons"]):
            key = (event["kind"], rule, event["client_id"])
            group = found.setdefault(key, Group(*key, newest=event))
            group.times += event["count"]
    return sorted(found.values(), key=lambda group: -group.times)


def by_rule() -> list[tuple[str, int]]:
    """Return each rule and how often it would refuse."""
    counts: dict[str, int] = {}
    for group in groups():
        counts[group.rule] = counts.get(group.rule, 0) + group.times
    return sorted(counts.items(), key=lambda pair: -pair[1])[:20]


def table(site: str) -> SafeString:
    """Return the groups as a table.

    Args:
        site: name of the admin site.
    """
    rows = (
        (
            display.codes([group.kind.removesuffix(REPORTED)]),
            display.codes([group.rule]),
            group.client_id or display.EMPTY,
            group.times,
            display.moment(group.last_at),
            _links(site, group),
        )
        for group in groups()[:SHOWN]
    )
    return display.table(
        _("Would-be refusals by rule and client"),
        (_("Rules"), _("Rule"), _("Client"), _("Times"), _("Last"), _("Look")),
        rows,
        gettext("Nothing was recorded that enforcing would refuse."),
    )


def _links(site: str, group: Group) -> SafeString:
    query = urlencode({"kind": group.kind, "client": group.client_id})
    events = display.link(f"{reverse(f'{site}:idp_securityevent_changelist')}?{query}", _("Events"))
    newest = group.newest
    url = explain_url(site, group.client_id, newest["user_id"], newest["detail"])
    if not url:
        return events
    return format_html("{} {}", events, display.link(url, _("Explain")))


def _rules(reasons: Any) -> Iterator[str]:
    """Yield each code of the reasons once; an empty one where none is known."""
    rows = reasons if isinstance(reasons, list) else []
    codes = {str(row.get("code", "")) for row in rows if isinstance(row, dict)}
    yield from sorted(codes) or [""]
