"""The whole life of an authorization: asked, allowed, redeemed, renewed, replayed, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.models import Authorization, DeviceAuthorization, IssuedToken, SecurityEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.utils.safestring import SafeString

TOKENS_SHOWN = 100

Step = tuple["datetime | None", Any]


def life_of(row: Authorization) -> SafeString:
    """Return everything that happened to an authorization, in order."""
    steps = [
        (row.auth_time, _("The user signed in")),
        *_consent_steps(row),
        *_device_steps(row),
        (row.created_at, _("Allowed; the code was issued") if row.code_digest else _("Allowed")),
        (row.redeemed_at, _("The client redeemed the code")),
        *_token_steps(row),
        *(
            (event.first_at, display.object_link(event, _("Replayed: used a second time")))
            for event in _replays(row)
        ),
        (row.ended_at, format_html("{} {}", _("Ended:"), row.ended_reason)),
    ]
    past = sorted(((at, words) for at, words in steps if at is not None), key=lambda step: step[0])
    items = format_html_join(
        "", "<li>{} <span>{}</span></li>", ((display.moment(a), w) for a, w in past)
    )
    return format_html('<ol class="desk-life">{}</ol>', items)


def _consent_steps(row: Authorization) -> Iterator[Step]:
    if row.consent is not None:
        yield row.consent.decided_at, display.object_link(row.consent, _("The user consented"))


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


def _replays(row: Authorization) -> list[SecurityEvent]:
    events = SecurityEvent.objects.filter(
        kind="token.replayed", client_id=row.application.client_id, first_at__gte=row.created_at
    )
    return [
        event
        for event in events.order_by("-last_at")[:100]
        if event.detail.get("authorization") == str(row.pk)
    ]
