"""Tags that the end user's pages are drawn with: moments, names, the outline of a consent page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext

from idp.domain.snapshot import ConsentDocument, ShownApi, ShownScope, Standing
from idp.services.language import written_time

register = template.Library()

Group = tuple[ShownApi, tuple[ShownScope, ...]]


@dataclass(frozen=True, slots=True)
class Outline:
    """A consent document in the order in which the page tells it.

    Attributes:
        new, changed, allowed, unavailable: pairs of API and its permissions of that standing.
        allowed_count: number of permissions that were allowed before.
        optional: whether any permission can be declined with a switch.
        ask: ``first``, ``more``, ``changed`` or ``again``, for the headline.
    """

    new: tuple[Group, ...]
    changed: tuple[Group, ...]
    allowed: tuple[Group, ...]
    unavailable: tuple[Group, ...]
    allowed_count: int
    optional: bool
    ask: str


@register.simple_tag
def consent_outline(document: ConsentDocument) -> Outline:
    """Return the outline of a consent document: what is new first, what is known last."""
    new = _groups(document, Standing.NEW)
    changed = _groups(document, Standing.CHANGED)
    allowed = _groups(document, Standing.ALLOWED)
    return Outline(
        new=new,
        changed=changed,
        allowed=allowed,
        unavailable=_groups(document, Standing.UNAVAILABLE),
        allowed_count=sum(len(scopes) for _, scopes in allowed),
        optional=any(scope.optional for scope in document.scopes),
        ask=_ask(new=bool(new), changed=bool(changed), allowed=bool(allowed)),
    )


@register.simple_tag
def moment(value: datetime | date | str | None, style: str = "datetime") -> str:
    """Return a point in time as a ``<time>`` element in the reader's language and time zone.

    Args:
        value: a date, an aware or naive date-time, or an ISO 8601 date-time; None gives nothing.
        style: ``datetime`` with the time of day, or ``date`` without.
    """
    point = _parse(value) if isinstance(value, str) else value
    if point is None:
        return ""
    if not isinstance(point, datetime):
        machine, words = point.isoformat(), date_format(point, "DATE_FORMAT")
    else:
        point = timezone.localtime(point) if timezone.is_aware(point) else point
        machine = point.isoformat(timespec="seconds")
        words = date_format(point, "DATE_FORMAT") if style == "date" else written_time(point)
    return format_html('<time datetime="{}">{}</time>', machine, words)


@register.simple_tag(takes_context=True)
def site_label(context: Mapping[str, object]) -> str:
    """Return the site's name for the middle of a sentence; "this site" where none is known."""
    return str(context.get("site_name") or gettext("this site"))


@register.filter
def monogram(name: str) -> str:
    """Return the letter that stands in for a missing logo; a middle dot where there is none."""
    return next((letter.upper() for letter in str(name) if letter.isalnum()), "·")


@register.filter
def logo_url(digest: str | None) -> str:
    """Return the address of a stored logo; empty for none, or where the site does not mount it."""
    if not digest:
        return ""
    try:
        return reverse("oauth2_provider:client-logo", args=(digest,))
    except NoReverseMatch:
        return ""


def _ask(*, new: bool, changed: bool, allowed: bool) -> str:
    if new:
        return "more" if allowed or changed else "first"
    return "changed" if changed else "again"


def _groups(document: ConsentDocument, standing: Standing) -> tuple[Group, ...]:
    pairs = ((api, api.standing(standing)) for api in document.apis)
    return tuple((api, scopes) for api, scopes in pairs if scopes)


def _parse(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None
