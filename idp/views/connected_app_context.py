"""What the templates of connected apps are given, and the addresses in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from idp.conf import idp_settings
from idp.domain.catalogue import Catalogue
from idp.domain.client import Environment
from idp.domain.user_agent import device
from idp.models import ConsentScope
from idp.services.catalogue import Words, current_catalogue
from idp.services.client import policy_of
from idp.services.connected_app import ConnectedApp
from idp.services.consent_page import client_name, scope_title, web_link
from idp.services.logo import current_logos

if TYPE_CHECKING:
    from idp.models import Authorization
    from idp.services.connected_app_history import Entry

_NAMES = {
    "detail": "idp:connected-app",
    "remove": "idp:connected-app-remove",
    "permission": "idp:connected-app-permission",
    "history": "idp:connected-app-history",
    "history-download": "idp:connected-app-download",
    "receipts": "idp:connected-app-receipts",
    "record": "idp:connected-app-record",
}
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def url(name: str, app: ConnectedApp, *more: Any) -> str:
    """Return the address of a page about an app."""
    return reverse(_NAMES[name], args=(app.id, *more))


def recency(app: ConnectedApp) -> datetime:
    """Return what apps are ordered by: the last use, else the beginning."""
    return app.last_used or app.since or _LONG_AGO


def cards(apps: Sequence[ConnectedApp], words: Mapping[str, Words]) -> list[dict[str, Any]]:
    """Return apps as a list shows them; their logos are found with one statement for all."""
    logos = current_logos(app.application for app in apps)
    return [card(app, words, logos) for app in apps]


def card(
    app: ConnectedApp, words: Mapping[str, Words], logos: Mapping[Any, str] | None = None
) -> dict[str, Any]:
    """Return an app as lists and headings show it.

    Args:
        app: the app.
        words: words of the scopes, in the reader's language.
        logos: digests of the logos by client; looked up where they are not at hand.
    """
    policy = policy_of(app.application)
    if logos is None:
        logos = current_logos((app.application,))
    return {
        "url": url("detail", app),
        "remove_url": url("remove", app),
        "name": client_name(app.application),
        "logo": logos.get(app.application.pk, ""),
        "monogram": "",
        "uri": web_link(policy.client_uri),
        "summary": [scope_title(name, words) for name in sorted(app.scopes)],
        "since": app.since,
        "last_used": app.last_used,
        "expires_at": app.expires_at,
        "unused": is_unused(app),
        "development": policy.environment == Environment.DEVELOPMENT,
        "verified": policy.verified or policy.first_party,
        "first_party": policy.first_party,
    }


def is_unused(app: ConnectedApp) -> bool:
    """Return whether an app has access that it has not used for a long time."""
    return app.is_live and recency(app) <= timezone.now() - idp_settings.consent_unused_after


def permissions(app: ConnectedApp, words: Mapping[str, Words]) -> list[dict[str, Any]]:
    """Return what an app may do, grouped by API."""
    catalogue = current_catalogue()
    rows = {}
    if app.consent is not None:
        granted = app.consent.scopes.filter(state=ConsentScope.State.GRANTED)
        rows = {row.scope: row for row in granted}
    found = [_permission(app, name, rows.get(name), words, catalogue) for name in app.scopes]
    return sorted(found, key=lambda item: (item["api"], item["name"]))


def session(authorization: Authorization) -> dict[str, Any]:
    """Return an act of authorization as a place where the app has access."""
    return {
        "started": authorization.created_at,
        "last_used": authorization.last_used_at,
        "address": authorization.address,
        "user_agent": authorization.user_agent,
        "device": device(authorization.user_agent),
        "ends_at": authorization.expires_at,
    }


def entry(app: ConnectedApp, found: Entry) -> dict[str, Any]:
    """Return an event of the history."""
    return {
        "kind": found.kind,
        "title": found.title,
        "at": found.at,
        "by": found.by,
        "scopes": found.scopes,
        "snapshot_url": url("record", app, found.event_id) if found.has_page else "",
    }


def consequences(app: ConnectedApp, words: Mapping[str, Words], sessions: int) -> list[str]:
    """Return what stops working when an app loses access, sentence by sentence."""
    found = [
        gettext("It can no longer: %(title)s") % {"title": scope_title(name, words)}
        for name in sorted(app.scopes)
    ]
    if sessions:
        ends = ngettext(
            "It is signed out in %(count)d place.",
            "It is signed out in %(count)d places.",
            sessions,
        )
        found.append(ends % {"count": sessions})
    if app.since:
        since = gettext("It has had access since %(date)s.")
        found.append(since % {"date": date_format(app.since, "DATE_FORMAT")})
    return found


def _permission(
    app: ConnectedApp,
    name: str,
    row: ConsentScope | None,
    words: Mapping[str, Words],
    catalogue: Catalogue,
) -> dict[str, Any]:
    scope, text = catalogue.scopes.get(name), words.get(name)
    optional = row is not None and row.optional
    address = f"{url('permission', app)}?{urlencode({'scope': name})}"
    return {
        "name": name,
        "title": scope_title(name, words),
        "description": text.description if text else "",
        "api": scope.api_name if scope else "",
        "sensitivity": scope.policy.sensitivity if scope and scope.policy else "basic",
        "since": row.since if row else None,
        "optional": optional,
        "take_back_url": address if optional else "",
    }
