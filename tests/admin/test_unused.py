"""What a client was given and never used is named on its page, and taken away from there."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from idp.models import Authorization, ConsentEvent, ConsentScope
from idp.services.scope_use import record_scope_use
from tests.admin.conftest import page, signed_in
from tests.factories import grant, make_user


def long_ago(house: SimpleNamespace) -> None:
    past = timezone.now() - timedelta(days=91)
    ConsentScope.objects.update(since=past)
    Authorization.objects.update(created_at=past)


def take(house: SimpleNamespace, scope: str = "photos:read") -> str:
    address = page("client_take_unused", house.application.pk)
    return f"{address}?{urlencode({'scope': scope})}"


def test_the_page_names_what_was_never_used_in_90_days(
    desk: Client, house: SimpleNamespace
) -> None:
    overview = page("client_overview", house.application.pk)
    assert "take-unused" not in desk.get(overview).text
    long_ago(house)
    shown = desk.get(overview).text
    assert "Granted, never used in 90 days" in shown
    assert "take-unused/?scope=photos%3Aread" in shown


def test_what_is_used_is_not_offered(desk: Client, house: SimpleNamespace) -> None:
    long_ago(house)
    record_scope_use(house.authorization.pk, ["photos:read"], now=timezone.now())
    assert "take-unused" not in desk.get(page("client_overview", house.application.pk)).text
    assert desk.get(take(house)).status_code == 404


def test_it_is_taken_from_those_who_never_used_it_and_written_down(
    desk: Client, house: SimpleNamespace
) -> None:
    grant(make_user("new"), house.application, "photos:read")
    ConsentScope.objects.filter(consent=house.consent).update(
        since=timezone.now() - timedelta(days=91)
    )
    Authorization.objects.update(created_at=timezone.now() - timedelta(days=91))
    asked = desk.get(take(house))
    assert "anna" in asked.text
    answer = desk.post(take(house), {"confirmed": "yes", "reason": "idle"}, follow=True)
    assert "1 consent lost it." in answer.text
    event = ConsentEvent.objects.latest("pk")
    assert (event.kind, event.actor, event.actor_name, event.reason) == (
        "revoked",
        "operator",
        "operator",
        "idle",
    )
    assert ConsentScope.objects.get(consent__user__username="new").state == "granted"
    house.authorization.refresh_from_db()
    assert house.authorization.ended_at is not None


def test_a_reason_is_needed(desk: Client, house: SimpleNamespace) -> None:
    long_ago(house)
    assert desk.post(take(house), {"confirmed": "yes"}).status_code == 400
    assert ConsentScope.objects.get().state == "granted"


def test_who_may_only_look_sees_it_and_takes_nothing(house: SimpleNamespace) -> None:
    long_ago(house)
    opts = house.application._meta
    browser = signed_in(f"{opts.app_label}.view_{opts.model_name}", "idp.view_consent")
    shown = browser.get(page("client_overview", house.application.pk)).text
    assert "Granted, never used in 90 days" in shown
    assert "take-unused" not in shown
    assert browser.post(take(house), {"confirmed": "yes", "reason": "x"}).status_code == 403
