"""How the desk shows a thing: badges, links to neighbours, reasons as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext

from idp.conf import application_model
from idp.models import Scope
from idp.services.language import written_time

if TYPE_CHECKING:
    from django.db.models import Model
    from django.utils.functional import _StrOrPromise

    from idp.domain.decision import Reason

EMPTY = "–"


def badge(words: _StrOrPromise, tone: str = "plain") -> SafeString:
    """Return a word of state; ``tone`` is ``plain``, ``good``, ``warn`` or ``danger``."""
    return format_html('<span class="desk-badge desk-badge--{}">{}</span>', tone, words)


def badges(pairs: Iterable[tuple[_StrOrPromise, str]]) -> SafeString | str:
    """Return several badges in a row, or a dash for none."""
    return format_html_join(" ", "{}", ((badge(words, tone),) for words, tone in pairs)) or EMPTY


def codes(names: Iterable[str]) -> SafeString | str:
    """Return names as they stand on the wire, or a dash for none."""
    return (
        format_html_join(" ", '<code class="desk-code">{}</code>', ((n,) for n in names)) or EMPTY
    )


def some_names(names: Iterable[str], number: int = 3) -> str:
    """Return the first of some names, and how many more there are; a dash for none."""
    known = list(dict.fromkeys(names))
    more = len(known) - number
    shown = ", ".join(known[:number])
    return (f"{shown} +{more}" if more > 0 else shown) or EMPTY


def link(url: str, words: object) -> SafeString:
    """Return a link."""
    return format_html('<a href="{}">{}</a>', url, words)


def ending_link(url: str, words: object) -> SafeString:
    """Return a link to a page that takes something away, after asking."""
    return format_html('<a class="desk-ending" href="{}">{}</a>', url, words)


def admin_url(model: type[Model] | Model, name: str, *args: object) -> str:
    """Return the address of an admin page of a model, or an empty text where it is not mounted."""
    opts = model._meta
    try:
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=args)
    except NoReverseMatch:
        return ""


def object_url(row: Model | None, page: str = "change") -> str:
    """Return the address of a row's page in the admin, or an empty text."""
    return "" if row is None else admin_url(row, page, quote(str(row.pk)))


def object_link(
    row: Model | None, words: object = None, *, page: str = "change"
) -> SafeString | str:
    """Return a link to a row's page in the admin; plain words where there is no such page."""
    if row is None:
        return EMPTY
    shown = str(row) if words is None else words
    url = object_url(row, page)
    return link(url, shown) if url else str(shown)


def client_link(application: Model | None) -> SafeString | str:
    """Return a link to the page of a client."""
    return object_link(application, page="overview")


def client_id_link(client_id: str, words: object = None) -> SafeString | str:
    """Return a link to the page of the client with an id, whether it still exists or not."""
    if not client_id:
        return EMPTY
    url, shown = admin_url(application_model(), "by_client_id"), words or client_id
    return link(f"{url}?{urlencode({'client_id': client_id})}", shown) if url else str(shown)


def links_of_scopes(names: Iterable[str]) -> dict[str, SafeString | str]:
    """Return names of scopes, each with a link to its page where the catalogue knows it."""
    found = {name: codes([name]) for name in names}
    for name, key in Scope.objects.filter(name__in=list(found)).values_list("name", "pk"):
        found[name] = link(admin_url(Scope, "change", key), found[name])
    return found


def scope_links(names: Iterable[str]) -> SafeString | str:
    """Return names of scopes in a row, each with a link; a dash for none."""
    shown = list(names)
    known = links_of_scopes(shown)
    return format_html_join(" ", "{}", ((known[name],) for name in shown)) or EMPTY


def user_link(user: Any, words: object = None) -> SafeString | str:
    """Return a link to the page of a user at the provider."""
    if user is None:
        return EMPTY
    shown = user.get_username() if words is None else words
    try:
        return link(reverse("admin:idp_user", args=(quote(str(user.pk)),)), shown)
    except NoReverseMatch:
        return str(shown)


def moment(at: datetime | None, empty: str = EMPTY) -> SafeString | str:
    """Return a point in time with the distance from now as a hint."""
    if at is None:
        return empty
    local = timezone.localtime(at) if timezone.is_aware(at) else at
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        distance(at),
        written_time(local),
    )


def distance(at: datetime) -> str:
    """Return how far a point in time is from now, in words."""
    now = timezone.now()
    if at > now:
        return gettext("in %(span)s") % {"span": timesince(now, at)}
    return gettext("%(span)s ago") % {"span": timesince(at, now)}


def span(value: timedelta | None, empty: str = EMPTY) -> str:
    """Return a span of time in the largest unit that fits."""
    if value is None:
        return empty
    seconds = int(value.total_seconds())
    for size, one, many in (
        (86_400, "%(n)d day", "%(n)d days"),
        (3_600, "%(n)d hour", "%(n)d hours"),
        (60, "%(n)d minute", "%(n)d minutes"),
    ):
        if seconds >= size and seconds % size == 0:
            return ngettext(one, many, seconds // size) % {"n": seconds // size}
    return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}


def sentence(reason: Reason | Mapping[str, Any]) -> str:
    """Return a reason of a decision in the reader's language.

    Args:
        reason: a ``Reason``, or what an event or a redirect URI keeps of one.
    """
    if not isinstance(reason, Mapping):
        return gettext(reason.text) % reason.params if reason.params else gettext(reason.text)
    text, params = reason.get("text"), reason.get("params") or {}
    if text:
        try:
            return gettext(text) % params if params else gettext(text)
        except (KeyError, TypeError, ValueError):
            # Words of an older version, whose placeholders are no longer these.
            pass
    return str(reason.get("message") or reason.get("code") or "")


def sentences(reasons: Iterable[Reason | Mapping[str, Any]]) -> SafeString | str:
    """Return reasons as a list of sentences with clause and code."""
    rows = [_parts(reason) for reason in reasons]
    if not rows:
        return EMPTY
    items = format_html_join(
        "",
        '<li class="desk-reason desk-reason--{}"><span>{}</span> '
        '<span class="desk-quiet">{} <code class="desk-code">{}</code></span></li>',
        rows,
    )
    return format_html('<ul class="desk-reasons">{}</ul>', items)


def facts(pairs: Iterable[tuple[_StrOrPromise, object]]) -> SafeString:
    """Return name and value pairs as a description list."""
    rows = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", pairs)
    return format_html('<dl class="desk-facts">{}</dl>', rows)


def table(
    caption: _StrOrPromise,
    heads: Iterable[_StrOrPromise],
    rows: Iterable[Iterable[object]],
    empty: str = "",
) -> SafeString:
    """Return a table that scrolls sideways on a phone, or ``empty`` where it has no rows."""
    body = format_html_join(
        "",
        "<tr>{}</tr>",
        ((format_html_join("", "<td>{}</td>", ((c,) for c in row)),) for row in rows),
    )
    if not body:
        return format_html('<p class="desk-empty">{}</p>', empty or gettext("Nothing here."))
    head = format_html_join("", '<th scope="col">{}</th>', ((words,) for words in heads))
    return format_html(
        '<div class="desk-scroll" tabindex="0" role="region" aria-label="{}">'
        '<table class="desk-table"><caption class="visually-hidden">{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        caption,
        caption,
        head,
        body,
    )


def anchor(words: str) -> str:
    """Return words as the name of a place on a page."""
    return slugify(words) or "part"


def _parts(reason: Reason | Mapping[str, Any]) -> tuple[str, str, str, str]:
    if isinstance(reason, Mapping):
        tone, reference, code = (str(reason.get(k, "")) for k in ("severity", "reference", "code"))
    else:
        tone, reference, code = str(reason.severity), reason.reference, reason.code
    return tone, sentence(reason), reference, code


BLANK = mark_safe("")
