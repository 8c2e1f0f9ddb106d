"""Trying a client out: the real rules, in here, and nothing of it is left but who tried."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client

from idp.conf import access_token_model, grant_model, refresh_token_model
from idp.models import (
    Authorization,
    AuthorizationRequest,
    ClientPolicy,
    Consent,
    ConsentEvent,
    ConsentUse,
    IssuedToken,
    RedirectUri,
    SecurityEvent,
    SignIn,
    SigningKey,
)
from idp.services.client import disable_client
from tests.admin.conftest import page
from tests.factories import add_scope, grant, make_application, make_policy, make_scope, make_user
from tests.views.flow import Flow

CALLBACK = "https://client.example.com/callback"
LEFT_BEHIND = (
    Authorization, AuthorizationRequest, Consent, ConsentEvent, ConsentUse, IssuedToken, SignIn,
    SigningKey, access_token_model(), refresh_token_model(), grant_model(),
)  # fmt: skip


@pytest.fixture
def berta(house: SimpleNamespace) -> Any:
    """A user who never met the client, which may ask for ``openid`` and what it had."""
    add_scope(house.application, "openid")
    add_scope(house.application, "email", requirement="optional")
    return make_user("berta", email="berta@example.com")


def attempt(desk: Client, application: Any, **changes: Any) -> Any:
    address = page("client_try", application.pk)
    nonce = desk.get(address).context["nonce"]
    sent = {"user": "berta", "redirect_uri": CALLBACK, "scope": "openid email photos:read"}
    return desk.post(address, {"nonce": nonce, **sent, **changes})


def _rows() -> list[int]:
    return [model.objects.count() for model in LEFT_BEHIND]


def _steps(answer: Any) -> list[tuple[str, bool]]:
    return [(str(step["words"]), "Goes on" in step["badge"]) for step in answer.context["steps"]]


def test_each_decision_is_shown_with_the_page_and_the_claims(
    desk: Client, house: SimpleNamespace, berta: Any
) -> None:
    answer = attempt(desk, house.application)
    assert [passed for _words, passed in _steps(answer)] == [True] * 6
    shown = answer.text
    for words in (
        "The client gets its tokens.", "See your photos", "berta@example.com",
        "photo-print", "aud", "What UserInfo tells", "Access token lives",
    ):  # fmt: skip
        assert words in shown, words
    assert "no-store" in answer["Cache-Control"]


def test_nothing_is_left_but_the_word_of_who_tried(
    desk: Client, house: SimpleNamespace, berta: Any
) -> None:
    before, used = _rows(), RedirectUri.objects.values_list("last_used_at", flat=True).get()
    shown = attempt(desk, house.application).text
    assert _rows() == before
    assert RedirectUri.objects.values_list("last_used_at", flat=True).get() == used
    assert ClientPolicy.objects.get().last_used_at is None
    for start in ("idpa_", "idpr_", "idpc_", "eyJ"):
        assert start not in shown
        assert start not in "".join(str(row.get_decoded()) for row in Session.objects.all())
    event = SecurityEvent.objects.get(kind="client.tried")
    assert (event.user.username, event.client_id) == ("operator", "photo-print")
    assert event.detail == {"as": "berta", "outcome": "granted", "by": "operator"}
    assert LogEntry.objects.latest("pk").change_message == "Tried out as berta: granted."


def test_the_form_works_once_and_only_in_the_session_that_asked_for_it(
    desk: Client, house: SimpleNamespace, berta: Any
) -> None:
    nonce = desk.get(page("client_try", house.application.pk)).context["nonce"]
    sent = {"user": "berta", "redirect_uri": CALLBACK, "scope": "openid", "nonce": nonce}
    other = Client()
    other.force_login(make_user("colleague", is_staff=True, is_superuser=True))
    assert other.post(page("client_try", house.application.pk), sent).status_code == 302
    assert desk.post(page("client_try", house.application.pk), sent).status_code == 200
    assert desk.post(page("client_try", house.application.pk), sent).status_code == 302
    assert SecurityEvent.objects.filter(kind="client.tried").count() == 1


def test_the_public_endpoint_knows_no_address_of_the_desk(
    house: SimpleNamespace, berta: Any
) -> None:
    answer = Flow(house.application, berta).start("openid", redirect_uri="urn:idp:desk:try-it")
    assert answer.status_code == 400
    assert "Location" not in answer


def test_a_remembered_consent_answers_without_a_page(
    desk: Client, house: SimpleNamespace, berta: Any
) -> None:
    grant(make_user("carla"), house.application, "photos:read")
    answer = attempt(desk, house.application, user="carla", scope="photos:read")
    assert "No page: an earlier answer" in answer.text
    assert "The client gets its tokens." in answer.text
    assert not ConsentUse.objects.exists()
    assert "None: the scope “openid” was not granted." in answer.text


@pytest.mark.parametrize(
    ("name", "fields", "changes", "step"),
    [
        ("strong", {"acr_values": ["gold"]}, {"acr": "silver"}, "sign-in"),
        (
            "recent",
            {"max_authentication_age": timedelta(seconds=60)},
            {"auth_age": "3600"},
            "sign-in",
        ),
        ("chosen", {"groups": ["staff"]}, {}, "this user give"),
        ("trusted", {"clients": "verified"}, {}, "this client ask"),
    ],
)
def test_a_refusal_says_at_which_step_and_why(
    desk: Client,
    house: SimpleNamespace,
    berta: Any,
    name: str,
    fields: Any,
    changes: Any,
    step: str,
) -> None:
    make_scope("pay", policy=make_policy(name, **fields))
    add_scope(house.application, "pay")
    answer = attempt(desk, house.application, scope="pay", **changes)
    last = _steps(answer)[-1]
    assert step in last[0]
    assert last[1] is False
    assert answer.context["steps"][-1]["reasons"]
    assert "The client gets nothing." in answer.text
    assert SecurityEvent.objects.get(kind="client.tried").detail["outcome"].startswith("refused at")


def test_a_client_that_is_switched_off_stops_at_the_first_step(
    desk: Client, house: SimpleNamespace, berta: Any
) -> None:
    disable_client(house.application, reason="garbage")
    answer = attempt(desk, house.application)
    assert _steps(answer) == [
        ("Is the client known, switched on and registered for the code flow?", False)
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"user": "nobody"}, {"user": "\x00"}, {"scope": 'a"b'}, {"redirect_uri": "https://x.test/"},
        {"auth_age": "-1"}, {"auth_age": "9" * 30}, {"acr": "x" * 300}, {"scope": "unknown"},
    ],
)  # fmt: skip
def test_anything_can_be_entered(
    desk: Client, house: SimpleNamespace, berta: Any, changes: dict[str, str]
) -> None:
    answer = attempt(desk, house.application, **changes)
    assert answer.status_code == 200
    assert "The client gets its tokens." not in answer.text


def test_a_service_has_no_flow_to_try(desk: Client) -> None:
    application = make_application("service")
    assert desk.get(page("client_try", application.pk)).status_code == 404
    assert "/try/" not in desk.get(page("client_overview", application.pk)).text


def test_a_public_client_is_tried_without_its_secret(desk: Client, berta: Any) -> None:
    native = make_application("native", scopes=("openid",))
    answer = attempt(desk, native, scope="openid", redirect_uri="http://127.0.0.1/callback")
    assert "The client gets its tokens." in answer.text


def test_a_trial_asks_the_database_a_bounded_number_of_times(
    desk: Client, house: SimpleNamespace, berta: Any, django_assert_max_num_queries: Any
) -> None:
    address = page("client_try", house.application.pk)
    with django_assert_max_num_queries(20):
        nonce = desk.get(address).context["nonce"]
    sent = {"user": "berta", "redirect_uri": CALLBACK, "scope": "openid photos:read"}
    with django_assert_max_num_queries(50):
        assert "gets its tokens" in desk.post(address, {**sent, "nonce": nonce}).text
