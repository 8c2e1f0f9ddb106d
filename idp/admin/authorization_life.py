"""The whole life of an authorization: asked, allowed, redeemed, renewed, replayed, ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.conf import access_token_model, refresh_token_model
from idp.models import (
    Authorization,
    ConsentEvent,
    DeviceAuthorization,
    IssuedToken,
    SecurityEvent,
    Subject,
)
from idp.services.authorization import begun_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from django.utils.safestring import SafeString

TOKENS_SHOWN = 100
DECISIONS_SHOWN = 20
EVENTS_READ = 100

GIVING = (
    ConsentEvent.Kind.GRANTED,
    ConsentEvent.Kind.EXTENDED,
    ConsentEvent.Kind.RENEWED,
    ConsentEvent.Kind.NARROWED,
    ConsentEvent.Kind.IMPORTED,
)
ENDINGS = {
    "client_deleted": _("the client was deleted"),
    "code_replayed": _("its code came a second time"),
    "consent_expired": _("the time of the consent ran out"),
    "consent_revoked": _("the consent was taken back"),
    "device_code_replayed": _("its device code came a second time"),
    "narrowed": _("nothing of it was left after scopes were taken away"),
    "refresh_token_replayed": _("a refresh token came a second time"),
    "revoked_by_client": _("the client gave it back"),
    "signed_out": _("the user signed out"),
    "taken_back": _("an operator took it back"),
}
"""The codes of endings in words; what is none of them are the words of who ended it."""

_BY_TASK = re.compile(re.escape(begun_by("")) + r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What a task writes meanwhile; an operator's own words may begin alike."""

Step = tuple["datetime | None", Any]


def life_of(row: Authorization) -> SafeString:
    """Return everything that happened to an authorization, in order."""
    steps = [
        (row.auth_time, display.object_link(row.sign_in, _("The user signed in"))),
        *_device_steps(row),
        (row.asked_at if row.code_digest else None, _("The client asked")),
        *_decisions(row),
        (row.created_at, _("Allowed; the code was issued") if row.code_digest else _("Allowed")),
        (row.redeemed_at, _("The client redeemed the code")),
        *_token_steps(row),
        *_event_steps(row),
        (row.ended_at, format_html("{} {}", _("Ended:"), ending(row.ended_reason))),
    ]
    past = sorted(((at, words) for at, words in steps if at is not None), key=lambda step: step[0])
    items = format_html_join(
        "", "<li>{} <span>{}</span></li>", ((display.moment(a), w) for a, w in past)
    )
    return format_html('<ol class="desk-life">{}</ol>', items)


def ending(reason: str) -> Any:
    """Return why an authorization ended, in words."""
    known = "taken_back" if _BY_TASK.fullmatch(reason) else reason
    return ENDINGS.get(known, reason)


def token_table(row: Authorization) -> SafeString:
    """Return the tokens that came of an authorization, each with its row; never their values."""
    issued = list(row.tokens.order_by("-created_at")[:TOKENS_SHOWN])
    rows = _rows_of(issued)
    cells = (
        (
            display.object_link(rows[token.pk], token.get_kind_display())
            if token.pk in rows
            else token.get_kind_display(),
            display.moment(token.created_at),
            display.moment(token.expires_at),
            display.moment(token.used_at),
        )
        for token in issued
    )
    heads = (_("Kind"), _("Issued"), _("Expires"), _("Exchanged"))
    return display.table(_("Tokens of this authorization"), heads, cells)


def _rows_of(issued: Iterable[IssuedToken]) -> dict[str, Any]:
    """Return the toolkit's rows of tokens by their checksums; those that are gone lack."""
    digests = [token.pk for token in issued]
    return {
        row.token_checksum: row
        for model in (access_token_model(), refresh_token_model())
        for row in model._default_manager.filter(token_checksum__in=digests)
    }


def _decisions(row: Authorization) -> Iterator[Step]:
    """Yield the decision that it rests on, and what was decided afterwards while it lived."""
    subject = Subject.objects.filter(user=row.user_id).first()
    if subject is None or row.consent_id is None:
        return
    events = ConsentEvent.objects.filter(
        subject_key=subject.key, client_id=row.application.client_id
    ).order_by("-sequence")
    base = events.filter(at__lte=row.created_at, kind__in=GIVING).first()
    if base is not None:
        yield base.at, display.object_link(base, _("The user consented"))
    later = events.filter(at__gt=row.created_at)
    if row.ended_at is not None:
        later = later.filter(at__lte=row.ended_at)
    for event in later[:DECISIONS_SHOWN]:
        yield event.at, display.object_link(event, event.get_kind_display())


def _device_steps(row: Authorization) -> Iterator[Step]:
    device = DeviceAuthorization.objects.filter(authorization=row).first()
    if device is not None:
        yield device.created_at, display.object_link(device, _("A device asked for a code"))
        yield device.decided_at, _("The user typed the code and let the device in")
        yield device.redeemed_at, _("The device got its tokens")


def _token_steps(row: Authorization) -> list[Step]:
    tokens = row.tokens.order_by("created_at").values_list("kind", "created_at", "used_at")[
        :TOKENS_SHOWN
    ]
    words: dict[str, Any] = {
        IssuedToken.Kind.ACCESS: _("Access token issued"),
        IssuedToken.Kind.REFRESH: _("Refresh token issued"),
    }
    steps: list[Step] = []
    for kind, created, used in tokens:
        steps.append((created, words.get(kind, kind)))
        if used is not None:
            steps.append((used, _("Refresh token exchanged")))
    return steps


def _event_steps(row: Authorization) -> Iterator[Step]:
    """Yield what was recorded of it: that it was replayed, or ended by whose hand and why."""
    events = SecurityEvent.objects.filter(
        kind__in=("token.replayed", "token.revoked", "authorization.ended_by_operator"),
        client_id=row.application.client_id,
        first_at__gte=row.created_at,
        last_at__gte=row.created_at,  # implied, and said for the index
    )
    for event in events.order_by("-last_at")[:EVENTS_READ]:
        if event.detail.get("authorization") == str(row.pk):
            words = _("Replayed: used a second time") if event.kind == "token.replayed" else None
            yield event.first_at, display.object_link(event, words or _by_hand(event))
        elif event.user_id == row.user_id and event.first_at == row.ended_at:
            yield event.first_at, display.object_link(event, _by_hand(event))


def _by_hand(event: SecurityEvent) -> str:
    return _("%(name)s took it back") % {"name": event.detail.get("by") or _("An operator")}
