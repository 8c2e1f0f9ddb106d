"""Authorizations and tokens at the desk: found by paste, ended with their family, never shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from idp.conf import access_token_model, refresh_token_model
from idp.models import Authorization, IssuedToken, SecurityEvent
from tests.admin.conftest import PLAIN, page, signed_in
from tests.factories import make_application, make_user
from tests.requirement import defect
from tests.views.flow import Flow

ACCESS = "oauth2_provider_accesstoken_changelist"


@pytest.mark.parametrize(
    ("text", "found"), [(PLAIN, True), (f" {PLAIN}\n", True), ("something else", False)]
)
def test_a_pasted_token_is_found_and_never_shown_or_kept(
    desk: Client, house: SimpleNamespace, caplog: Any, *, text: str, found: bool
) -> None:
    answer = desk.post(page("idp_find_token"), {"token": text})
    assert (str(house.authorization.pk) in answer.text) is found
    assert text.strip() not in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert text.strip() not in caplog.text
    assert text.strip() not in "".join(str(row.get_decoded()) for row in Session.objects.all())


def test_a_refresh_token_and_a_code_are_found_too(desk: Client, house: SimpleNamespace) -> None:
    for text in (f"{PLAIN}-refresh", "the-code"):
        assert (
            str(house.authorization.pk) in desk.post(page("idp_find_token"), {"token": text}).text
        )


@pytest.mark.parametrize(
    "text", ["", "a.b.c", "a.e30.c", "\x00", "é" * 100, "x" * 30_000, "..", "a.bnVsbA.c"]
)
def test_anything_can_be_pasted(desk: Client, house: SimpleNamespace, text: str) -> None:
    assert desk.post(page("idp_find_token"), {"token": text}).status_code == 200


def test_a_token_is_not_looked_for_by_get(desk: Client, house: SimpleNamespace) -> None:
    assert (
        str(house.authorization.pk) not in desk.get(page("idp_find_token"), {"token": PLAIN}).text
    )


def test_revoking_a_token_ends_its_family(desk: Client, house: SimpleNamespace) -> None:
    sent = {"action": "revoke_selected", "_selected_action": [house.access.pk]}
    assert "Revoke this token?" in desk.post(page(ACCESS), sent).text
    desk.post(page(ACCESS), {**sent, "confirmed": "yes", "reason": "leaked"})
    assert not access_token_model().objects.exists()
    assert refresh_token_model().objects.get().revoked is not None
    assert Authorization.objects.get().ended_reason == "leaked"
    assert SecurityEvent.objects.filter(kind="token.revoked").exists()


def test_a_token_is_revoked_on_its_page_too(desk: Client, house: SimpleNamespace) -> None:
    revoke = page("oauth2_provider_accesstoken_revoke", house.access.pk)
    shown = desk.get(page("oauth2_provider_accesstoken_change", house.access.pk)).text
    assert 'href="../revoke/"' in shown
    asked = desk.get(revoke).text
    assert "Live tokens of their families" in asked
    assert "<dd>2</dd>" in asked
    desk.post(revoke, {"confirmed": "yes", "reason": "leaked"})
    assert not access_token_model().objects.exists()
    assert Authorization.objects.get().ended_reason == "leaked"


def test_a_token_without_a_family_is_revoked_alone(desk: Client, house: SimpleNamespace) -> None:
    service = make_application("service")
    now = timezone.now() + timezone.timedelta(minutes=5)
    rows = [
        access_token_model().objects.create(
            application=service, token=f"m2m-{n}", scope="", expires=now
        )
        for n in range(2)
    ]
    sent = {
        "action": "revoke_selected",
        "_selected_action": [rows[0].pk],
        "confirmed": "yes",
        "reason": "x",
    }
    desk.post(page(ACCESS), sent)
    assert set(access_token_model().objects.values_list("pk", flat=True)) == {
        house.access.pk,
        rows[1].pk,
    }


def test_an_authorization_shows_its_whole_life_in_order(
    desk: Client, django_assert_max_num_queries: Any
) -> None:
    scopes = ("openid", "photos:read")
    flow = Flow(make_application("web", client_id="photo-print", scopes=scopes), make_user("anna"))
    tokens = flow.tokens("openid photos:read")
    flow.refresh(tokens["refresh_token"])
    long_ago = timezone.now() - timezone.timedelta(hours=1)
    IssuedToken.objects.exclude(used_at=None).update(used_at=long_ago)
    assert flow.refresh(tokens["refresh_token"]).status_code == 400
    act = Authorization.objects.get()
    IssuedToken.objects.exclude(used_at=None).update(used_at=act.ended_at)

    with django_assert_max_num_queries(24):
        shown = desk.get(page("idp_authorization_change", act.pk)).text

    life = shown.partition('class="desk-life"')[2].partition("</ol>")[0]
    steps = (
        "The user signed in", "The client asked", "The user consented", "the code was issued",
        "The client redeemed the code", "Access token issued", "Refresh token exchanged",
        "Replayed: used a second time", "a refresh token came a second time",
    )  # fmt: skip
    places = [life.find(words) for words in steps]
    assert -1 not in places, dict(zip(steps, places, strict=True))
    assert places == sorted(places), dict(zip(steps, places, strict=True))


def test_ending_an_authorization_is_recorded_with_its_reason(
    desk: Client, house: SimpleNamespace
) -> None:
    address = page("idp_authorization_end", house.authorization.pk)
    desk.post(address, {"confirmed": "yes", "reason": "stolen laptop"})
    assert Authorization.objects.get().ended_reason == "stolen laptop"
    event = SecurityEvent.objects.get(kind="authorization.ended_by_operator")
    assert event.detail["reason"] == "stolen laptop"
    shown = desk.get(page("idp_authorization_change", house.authorization.pk)).text
    assert "stolen laptop" in shown


def test_authorizations_are_found_by_state_user_client_scope_and_address(
    desk: Client, house: SimpleNamespace
) -> None:
    listing = page("idp_authorization_changelist")
    for asked in (
        {"state": "live"}, {"user": "anna"}, {"client": "Photo"}, {"scope": "photos:read"},
        {"address": "192.0.2.7"}, {"q": "anna"},
    ):  # fmt: skip
        assert len(desk.get(listing, asked).context["cl"].result_list) == 1, asked
    for asked in (
        {"state": "ended"}, {"user": "nobody"}, {"client": "zzz"}, {"scope": "photos"},
        {"address": "192.0.2.8"}, {"address": "x"}, {"q": "zzz"},
    ):  # fmt: skip
        assert not desk.get(listing, asked).context["cl"].result_list, asked


@defect(22)
def test_tokens_are_found_by_client_id_and_user_but_not_by_value(
    desk: Client, house: SimpleNamespace
) -> None:
    for word, number in (("photo-print", 1), ("anna", 1), (PLAIN, 0)):
        assert len(desk.get(page(ACCESS), {"q": word}).context["cl"].result_list) == number, word


def test_the_list_of_tokens_asks_the_same_number_of_times_at_any_length(
    desk: Client, house: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    end = timezone.now() + timezone.timedelta(minutes=5)
    access_token_model().objects.bulk_create(
        access_token_model()(
            user=house.user, application=house.application, token=f"t{n}", scope="a", expires=end,
            token_checksum=house.checksum(f"t{n}"),
        )
        for n in range(300)
    )  # fmt: skip
    with django_assert_max_num_queries(8):
        assert len(desk.get(page(ACCESS)).context["cl"].result_list) == 50


def test_a_list_counts_to_its_limit_and_stops(
    desk: Client,
    house: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    monkeypatch.setattr("idp.admin.paginator.COUNT_LIMIT", 3)
    for _ in range(5):
        make_user()
    Authorization.objects.bulk_create(
        Authorization(user=house.user, application=house.application, scopes="a") for _ in range(5)
    )
    answer = desk.get(page("idp_authorization_changelist"))
    assert answer.context["cl"].result_count == 3


def test_who_may_view_tokens_cannot_revoke_them(house: SimpleNamespace) -> None:
    browser = signed_in("oauth2_provider.view_accesstoken")
    assert browser.get(page(ACCESS)).status_code == 200
    sent = {
        "action": "revoke_selected",
        "_selected_action": [house.access.pk],
        "confirmed": "yes",
        "reason": "x",
    }
    browser.post(page(ACCESS), sent)
    assert access_token_model().objects.exists()
