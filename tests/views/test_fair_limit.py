"""What an outsider can fill has room for everybody else: no address takes all the places."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client as Browser

from idp.models import AuthorizationRequest, ClientPolicy
from idp.services import authorization_request, client_throttle, device_throttle, pushed_request
from idp.services.authorization_request import LIFETIME
from idp.services.registration_limit import SHARES
from tests.factories import grant, make_application, make_scope, make_user
from tests.requirement import requirement
from tests.views.documents import Shelf
from tests.views.flow import Flow, basic, location, post
from tests.views.test_metadata_document import CALLBACK
from tests.views.test_metadata_document import document as described

pytestmark = pytest.mark.django_db

HERE, NEXT_DOOR, ELSEWHERE = "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"
"""Two addresses of one network, and one of another."""


def refused(response: Any, longest: int) -> None:
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= longest
    assert response.json()["error"] == "temporarily_unavailable"


@requirement("RFC 9126 §7.1", "No address takes all the places of a client that proves nothing.")
def test_pushed_requests_of_a_public_client_have_places_for_every_address(
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(pushed_request, "MOST_OF_ADDRESS", 2)
    spa = Flow(make_application("spa", scopes=("openid",)))

    def push(address: str) -> Any:
        return post("/o/par/", spa.parameters(), REMOTE_ADDR=address)

    assert [push(HERE).status_code for _again in range(2)] == [201, 201]
    refused(push(NEXT_DOOR), 90)
    assert push(ELSEWHERE).status_code == 201
    other = Flow(make_application("spa", scopes=("openid",)))
    assert post("/o/par/", other.parameters(), REMOTE_ADDR=HERE).status_code == 201


def test_a_client_that_proved_itself_takes_nobodys_places_but_its_own(monkeypatch: Any) -> None:
    monkeypatch.setattr(pushed_request, "MOST_OF_ADDRESS", 1)
    web = Flow(make_application("web", scopes=("openid",)))
    headers = {**basic(web.application), "REMOTE_ADDR": HERE}
    answers = [post("/o/par/", web.parameters(), **headers) for _again in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 201]


@requirement("RFC 8628 §5.2", "No address takes all the places of devices that wait.")
def test_devices_of_one_network_that_ask_are_counted_together(monkeypatch: Any) -> None:
    monkeypatch.setattr(device_throttle, "ASKED_LIMIT", 2)
    tv = make_application("device", scopes=("openid",))

    def ask(address: str) -> Any:
        fields = {"client_id": tv.client_id, "scope": "openid"}
        return post("/o/device-authorization/", fields, REMOTE_ADDR=address)

    assert [ask(HERE).status_code for _again in range(2)] == [200, 200]
    refused(ask(NEXT_DOOR), 60)
    assert ask(ELSEWHERE).status_code == 200


def test_sign_ins_that_wait_leave_room_for_every_address(monkeypatch: Any) -> None:
    monkeypatch.setattr(authorization_request, "MOST_OF_ADDRESS", 2)
    web = Flow(make_application("web", scopes=("openid",)))

    def start(address: str) -> Any:
        web.browser.defaults["REMOTE_ADDR"] = address
        return web.start(prompt="login")

    assert [start(HERE).status_code for _again in range(2)] == [302, 302]
    response = start(NEXT_DOOR)
    assert response.status_code == 429
    assert int(response["Retry-After"]) == LIFETIME.total_seconds()
    assert start(ELSEWHERE).status_code == 302
    assert AuthorizationRequest.objects.count() == 3


def test_behind_a_proxy_that_the_site_believes_the_sender_counts(
    settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(device_throttle, "ASKED_LIMIT", 1)
    tv = make_application("device", scopes=("openid",))

    def ask(sender: str) -> int:
        fields = {"client_id": tv.client_id, "scope": "openid"}
        path = "/o/device-authorization/"
        return int(post(path, fields, HTTP_X_FORWARDED_FOR=sender).status_code)

    assert [ask(HERE), ask(ELSEWHERE)] == [200, 429], "nobody's word counts"
    cache.clear()
    settings.IDP = {**settings.IDP, "TRUSTED_PROXY_HOPS": 1}
    assert [ask(HERE), ask(f"{HERE}, {ELSEWHERE}"), ask(NEXT_DOOR)] == [200, 200, 429]


def test_wrong_secrets_are_counted_by_network() -> None:
    web = make_application("web", scopes=("openid",), secret="chosen by somebody")
    for number in range(client_throttle.PAIR_LIMIT):
        headers = {**basic(web, "guess"), "REMOTE_ADDR": f"2001:db8:1:2::{number}"}
        post("/o/token/", {"grant_type": "client_credentials"}, **headers)

    def guess(address: str) -> int:
        headers = {**basic(web, "guess"), "REMOTE_ADDR": address}
        answer = post("/o/token/", {"grant_type": "client_credentials"}, **headers)
        return int(answer.status_code)

    assert (guess(NEXT_DOOR), guess(ELSEWHERE)) == (429, 401)


# Clients that come by themselves


@pytest.fixture
def _registration_is_on(settings: Any) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
        "CIMD_ENABLED": True,
        "CIMD_METADATA_FETCHER": "tests.views.documents.Shelf",
    }
    settings.IDP = {**settings.IDP, "REGISTRATION_LIMITS": {"unused": 2 * SHARES}}


def register(address: str) -> Any:
    body = json.dumps({"client_name": "Wanderer", "redirect_uris": [CALLBACK]})
    kind = "application/json"
    return Browser().post("/o/register/", body, content_type=kind, REMOTE_ADDR=address)


@requirement("RFC 7591 §5", "Nobody stops the registration of others.")
@pytest.mark.usefixtures("_registration_is_on")
def test_no_network_stops_registration_for_others() -> None:
    assert [register(HERE).status_code for _again in range(2)] == [201, 201]
    cache.clear()  # hours later
    refused(register(NEXT_DOOR), 3_600)
    assert register(ELSEWHERE).status_code == 201


@pytest.mark.usefixtures("_registration_is_on")
def test_what_is_used_takes_no_place() -> None:
    make_scope("photos:read")
    register(HERE)
    register(HERE)
    refused(register(HERE), 3_600)
    first = ClientPolicy.objects.exclude(registered_from="").earliest("pk")
    grant(make_user(), first.application, "photos:read")
    assert register(HERE).status_code == 201


@pytest.mark.usefixtures("_registration_is_on")
def test_documents_that_a_network_names_count_with_its_registrations() -> None:
    Shelf.documents.clear()
    names = [f"https://app{number}.wanderer-photos.com/client.json" for number in range(3)]
    Shelf.documents |= {name: described(client_id=name) for name in names}

    def ask(name: str, address: str) -> int:
        one = Flow(make_application("web", scopes=("openid",)), make_user())
        one.browser.defaults["REMOTE_ADDR"] = address
        return int(one.start(client_id=name, redirect_uri=CALLBACK).status_code)

    assert ask(names[0], HERE) == 200
    assert register(NEXT_DOOR).status_code == 201
    assert ask(names[1], HERE) == 400
    assert ask(names[0], HERE) == 200, "what is known goes on"
    assert ask(names[1], ELSEWHERE) == 200


@pytest.mark.usefixtures("_registration_is_on")
def test_nobody_reads_where_a_client_came_from() -> None:
    register(HERE)
    kept = ClientPolicy.objects.get(source="registration").registered_from
    assert len(kept) == 64
    assert "2001" not in kept
    made = ClientPolicy.objects.get(application=make_application("web"))
    assert made.registered_from == ""


def test_a_plain_request_keeps_nothing_and_is_never_counted(monkeypatch: Any) -> None:
    monkeypatch.setattr(authorization_request, "MOST_OF_ADDRESS", 0)
    web = Flow(make_application("web", scopes=("openid",)))
    assert web.start()["Location"].startswith("/account/login/")
    web.browser.force_login(make_user(), "django.contrib.auth.backends.ModelBackend")
    assert "code" in location(web.decide(web.start()))
