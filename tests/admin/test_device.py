"""Devices that wait are visible at the desk, and their codes are not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from idp.conf import access_token_model, application_model, id_token_model
from idp.models import ConsentEvent, DeviceAuthorization, SecurityEvent
from tests.admin.conftest import page, signed_in
from tests.factories import make_application, make_user
from tests.requirement import defect


@pytest.fixture
def device(house: SimpleNamespace) -> DeviceAuthorization:
    """A television that waits."""
    return DeviceAuthorization.objects.create(
        application=make_application("device", name="Television", client_id="tv"),
        device_digest="d" * 64,
        user_code="BCDF-GHJK",
        scopes="photos:read",
        expires_at=timezone.now() + timezone.timedelta(minutes=10),
        address="192.0.2.9",
    )


@defect(22)
def test_a_device_that_waits_is_found_by_its_code_which_nobody_reads_there(
    desk: Client, device: DeviceAuthorization, django_assert_max_num_queries: Any
) -> None:
    listing = page("idp_deviceauthorization_changelist")
    for asked in ({"q": "bcdf-ghjk"}, {"q": "BCDFGHJK"}, {"q": "tv"}, {"address": "192.0.2.9"}):
        with django_assert_max_num_queries(20):
            answer = desk.get(listing, asked)
        assert [row.pk for row in answer.context["cl"].result_list] == [device.pk], asked
    assert not desk.get(listing, {"q": "BCDF"}).context["cl"].result_list
    for address in (listing, page("idp_deviceauthorization_change", device.pk)):
        shown = desk.get(address).text
        assert "Waiting for a person" in shown
        assert "BCDF…" in shown
        assert "GHJK" not in shown
        assert device.device_digest not in shown


def test_a_member_of_staff_who_may_delete_users_deletes_one_who_has_tokens(
    house: SimpleNamespace,
) -> None:
    browser = signed_in("auth.view_user", "auth.delete_user")
    address = page("auth_user_delete", house.user.pk)
    asked = browser.get(address).text
    assert "a-token-that-must-be-nowhere" not in asked
    assert "required to delete related objects" not in asked
    browser.post(address, {"post": "yes"})
    assert not type(house.user).objects.filter(pk=house.user.pk).exists()
    assert not access_token_model().objects.exists()
    assert list(ConsentEvent.objects.values_list("kind", flat=True)) == ["granted"]


def test_a_user_who_registered_a_client_goes_only_with_the_permission_to_delete_clients(
    house: SimpleNamespace,
) -> None:
    owner = make_user("registered-it")
    make_application("web", user=owner)
    browser = signed_in("auth.view_user", "auth.delete_user")
    browser.post(page("auth_user_delete", owner.pk), {"post": "yes"})
    assert type(owner).objects.filter(pk=owner.pk).exists()
    assert application_model().objects.filter(user=owner).exists()


@defect(22)
def test_the_page_of_a_token_lists_no_id_token(desk: Client, house: SimpleNamespace) -> None:
    rows = [
        id_token_model().objects.create(
            user=house.user, application=house.application, scope="openid",
            expires=timezone.now() + timezone.timedelta(minutes=5),
        )
        for _ in range(3)
    ]  # fmt: skip
    shown = desk.get(page("oauth2_provider_accesstoken_change", house.access.pk)).text
    assert "<option" not in shown.replace('<option value="">', "")
    for row in rows:
        assert str(row.jti) not in shown


def test_a_device_that_waits_is_closed_after_asking_for_a_reason(
    desk: Client, device: DeviceAuthorization
) -> None:
    listing = page("idp_deviceauthorization_changelist")
    sent = {"action": "close_selected", "_selected_action": [device.pk]}
    assert "Close this device?" in desk.post(listing, sent).text
    device.refresh_from_db()
    assert device.state == "pending"

    desk.post(listing, {**sent, "confirmed": "yes", "reason": "stolen"})

    device.refresh_from_db()
    assert device.state == "closed"
    event = SecurityEvent.objects.get(kind="device.closed")
    assert (event.client_id, event.detail["reason"]) == ("tv", "stolen")
    assert desk.post(listing, {**sent, "confirmed": "yes", "reason": "again"}, follow=True)
    assert SecurityEvent.objects.filter(kind="device.closed").count() == 1


def test_the_life_of_an_authorization_tells_of_its_device(
    desk: Client, house: SimpleNamespace, device: DeviceAuthorization
) -> None:
    DeviceAuthorization.objects.filter(pk=device.pk).update(
        authorization=house.authorization, decided_at=timezone.now(), redeemed_at=timezone.now()
    )

    shown = desk.get(page("idp_authorization_change", house.authorization.pk)).text

    assert "A device asked for a code" in shown
    assert page("idp_deviceauthorization_change", device.pk) in shown
    assert page("idp_consent_change", house.consent.pk) in shown
