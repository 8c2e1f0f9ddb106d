"""What an outsider can fill has room for everybody else: no address takes all the places."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client as Browser
from django.utils import timezone

from idp.models import AuthorizationRequest, ClientPolicy, SecurityEvent
from idp.services import authorization_request, client_throttle, device_throttle, pushed_request
from idp.services.registration_limit import SHARES, SWEPT_WITHIN_SECONDS
from idp.services.sender import mark_of
from idp.services.waiting_room import BATCH, make_room
from tests.factories import grant, make_application, make_scope, make_user
from tests.requirement import requirement
from tests.views.documents import Shelf
from tests.views.flow import AUTHORIZE, Flow, basic, location, post
from tests.views.test_metadata_document import CALLBACK
from tests.views.test_metadata_document import document as described

pytestmark = pytest.mark.django_db

HERE, NEXT_DOOR, ELSEWHERE = "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"
"""Two addresses of one network, and one of another that may be the same customer's."""
FAR = "203.0.113.9"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def waiting() -> list[str]:
    """Return the marks of what waits, oldest first."""
    return list(AuthorizationRequest.objects.order_by("pk").values_list("sender", flat=True))


def refused(response: Any, longest: int) -> None:
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= longest
    assert response.json()["error"] == "temporarily_unavailable"


@requirement("RFC 9126 §7.1", "No address takes all the places of a client that proves nothing.")
def test_pushed_requests_of_a_public_client_have_places_for_every_address(
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(pushed_request, "MOST_WAITING", 4)
    spa = Flow(make_application("spa", scopes=("openid",)))

    def push(address: str) -> Any:
        return post("/o/par/", spa.parameters(), REMOTE_ADDR=address)

    answers = [push(address) for address in (FAR, HERE, NEXT_DOOR, ELSEWHERE, HERE)]
    assert [answer.status_code for answer in answers] == [201] * 5
    assert waiting() == [mark_of(address) for address in (FAR, NEXT_DOOR, ELSEWHERE, HERE)]
    other = Flow(make_application("spa", scopes=("openid",)))
    assert post("/o/par/", other.parameters(), REMOTE_ADDR=HERE).status_code == 201
    assert len(waiting()) == 5


def test_a_pushed_request_that_a_browser_opened_makes_no_room(monkeypatch: Any) -> None:
    monkeypatch.setattr(pushed_request, "MOST_WAITING", 1)
    spa = Flow(make_application("spa", scopes=("openid",)), make_user())

    def push() -> str:
        answer = post("/o/par/", spa.parameters(), REMOTE_ADDR=HERE)
        return str(answer.json()["request_uri"])

    values = {"client_id": spa.application.client_id, "request_uri": push()}
    page = spa.browser.get(f"{AUTHORIZE}?{urlencode(values)}")
    dropped, last = push(), push()
    kept = AuthorizationRequest.objects.filter(pushed=True).values_list("nonce_digest", flat=True)
    opened = authorization_request.digest_of(values["request_uri"])
    assert set(kept) == {opened, authorization_request.digest_of(last)}, dropped
    assert "code" in location(spa.decide(page))


def test_a_client_that_proved_itself_takes_nobodys_places_but_its_own(monkeypatch: Any) -> None:
    monkeypatch.setattr(pushed_request, "MOST_WAITING", 2)
    web = Flow(make_application("web", scopes=("openid",)))
    headers = {**basic(web.application), "REMOTE_ADDR": HERE}
    answers = [post("/o/par/", web.parameters(), **headers) for _again in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    spa = Flow(make_application("spa", scopes=("openid",)))
    assert post("/o/par/", spa.parameters(), REMOTE_ADDR=HERE).status_code == 201


@requirement("RFC 8628 §5.2", "No address takes all the places of devices that wait.")
def test_devices_of_one_network_that_ask_are_counted_together(monkeypatch: Any) -> None:
    monkeypatch.setattr(device_throttle, "ASKED_LIMIT", 2)
    tv = make_application("device", scopes=("openid",))

    def ask(address: str) -> Any:
        fields = {"client_id": tv.client_id, "scope": "openid"}
        return post("/o/device-authorization/", fields, REMOTE_ADDR=address)

    assert [ask(HERE).status_code for _again in range(2)] == [200, 200]
    refused(ask(NEXT_DOOR), 60)
    assert [ask(ELSEWHERE).status_code for _again in range(2)] == [200, 200]
    refused(ask("2001:db8:1:4::1"), 60)
    assert ask(FAR).status_code == 200


def test_whoever_fills_the_places_of_sign_ins_loses_the_own_ones(monkeypatch: Any) -> None:
    monkeypatch.setattr(authorization_request, "MOST_ANONYMOUS", 10)
    web = Flow(make_application("web", scopes=("openid",)))

    def start(address: str) -> int:
        web.browser.defaults["REMOTE_ADDR"] = address
        return int(web.start(prompt="login").status_code)

    flood = [f"2001:db8:1:{number // 2}::1" for number in range(12)]
    assert {start(address) for address in (FAR, *flood)} == {302}
    assert waiting() == [mark_of(address) for address in (FAR, *flood[3:])], "the oldest went"
    assert start("203.0.113.10") == 302
    assert waiting()[0] == mark_of(FAR)
    assert len(waiting()) == 10
    assert SecurityEvent.objects.get(kind="authorization.too_many").count == 4


def test_the_neighbours_of_one_address_that_floods_lose_nothing(monkeypatch: Any) -> None:
    monkeypatch.setattr(authorization_request, "MOST_ANONYMOUS", 5)
    web = Flow(make_application("web", scopes=("openid",)))
    for address in ("203.0.113.1", *[FAR] * 9):
        web.browser.defaults["REMOTE_ADDR"] = address
        web.start(prompt="login")
    assert waiting() == [mark_of("203.0.113.1"), *[mark_of(FAR)] * 4]
    AuthorizationRequest.objects.filter(sender=mark_of(FAR)).update(sender="")
    web.start(prompt="login")
    kept = [mark_of("203.0.113.1"), *[""] * 3, mark_of(FAR)]
    assert waiting() == kept, "what came from nobody knows where is one network"


def test_one_address_that_many_share_is_never_locked_out(monkeypatch: Any) -> None:
    monkeypatch.setattr(authorization_request, "MOST_ANONYMOUS", 3)
    web = Flow(make_application("web", scopes=("openid",)))
    web.browser.defaults["REMOTE_ADDR"] = FAR
    assert [web.start(prompt="login").status_code for _again in range(5)] == [302] * 5
    AuthorizationRequest.objects.update(expires_at=timezone.now())
    assert web.start(prompt="login").status_code == 302
    assert len(waiting()) == 1


def test_of_what_is_over_a_batch_goes_at_once_oldest_first(monkeypatch: Any) -> None:
    monkeypatch.setattr(authorization_request, "MOST_ANONYMOUS", 4)
    monkeypatch.setattr(authorization_request, "BATCH", 2)
    web = Flow(make_application("web", scopes=("openid",)))
    for number in range(4):
        web.browser.defaults["REMOTE_ADDR"] = f"203.0.{number}.1"
        web.start(prompt="login")
    AuthorizationRequest.objects.exclude(sender=mark_of("203.0.0.1")).update(
        expires_at=timezone.now()
    )
    web.start(prompt="login")
    assert waiting() == [mark_of(f"203.0.{number}.1") for number in (0, 3, 3)]
    assert not SecurityEvent.objects.filter(kind="authorization.too_many").exists()


def test_of_networks_that_hold_as_much_the_one_that_waits_longest_makes_room() -> None:
    scatter(6)
    AuthorizationRequest.objects.filter(nonce_digest="4").update(created_at=LONG_AGO)
    assert make_room(AuthorizationRequest.objects.all(), 6) == 1
    assert not AuthorizationRequest.objects.filter(nonce_digest="4").exists()


def test_where_no_network_holds_much_the_oldest_of_all_go_at_once() -> None:
    scatter(120)
    assert make_room(AuthorizationRequest.objects.all(), 120) == BATCH // 10
    assert waiting() == [mark_of(f"10.0.{number}.1") for number in range(BATCH // 10, 120)]
    AuthorizationRequest.objects.filter(nonce_digest__in=("60", "61")).update(sender=mark_of(FAR))
    assert make_room(AuthorizationRequest.objects.all(), 110) == 1, "two of a hundred and ten"
    assert not AuthorizationRequest.objects.filter(nonce_digest="60").exists()


def scatter(number: int) -> None:
    """Let requests wait, each from a network of its own."""
    client, now = make_application("web"), timezone.now()
    AuthorizationRequest.objects.bulk_create(
        AuthorizationRequest(
            nonce_digest=f"{each}",
            application=client,
            parameters={},
            sender=mark_of(f"10.0.{each}.1"),
            created_at=now + timedelta(seconds=each),
            expires_at=now + timedelta(minutes=15),
        )
        for each in range(number)
    )


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
    assert register(NEXT_DOOR).status_code == 429
    assert [register(ELSEWHERE).status_code for _again in range(2)] == [201, 201]
    third, fourth = "2001:db8:1:4::1", "2001:db8:1:ff00::1"
    assert register(third).status_code == 429, "another network of the same customer"
    assert [register(fourth).status_code for _again in range(2)] == [201, 201]
    assert register("2001:db8:1:fe00::1").status_code == 429
    assert register(FAR).status_code == 201


@pytest.mark.usefixtures("_registration_is_on")
def test_who_finds_no_place_is_told_when_one_is_free(settings: Any) -> None:
    settings.IDP = {
        "REGISTRATION_LIMITS": {"unused": SHARES, "per_address": 5},
        "REGISTRATION_UNUSED_AFTER": 10 * 86_400,
    }
    register(HERE)
    ClientPolicy.objects.update(created_at=timezone.now() - timedelta(days=4))
    days = (6 * 86_400 + SWEPT_WITHIN_SECONDS) // 60
    assert int(register(HERE)["Retry-After"]) // 60 in {days - 1, days}
    settings.IDP = {**settings.IDP, "REGISTRATION_LIMITS": {"unused": 1}}
    cache.clear()
    assert int(register(FAR)["Retry-After"]) // 60 in {days - 1, days}
    settings.IDP = {**settings.IDP, "REGISTRATION_LIMITS": {"per_address": 1}}
    register(HERE)
    refused(register(HERE), 3_600)


@pytest.mark.usefixtures("_registration_is_on")
def test_what_is_used_takes_no_place() -> None:
    make_scope("photos:read")
    register(HERE)
    register(HERE)
    assert register(HERE).status_code == 429
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
    assert len(kept) == 60
    assert "2001" not in kept
    made = ClientPolicy.objects.get(application=make_application("web"))
    assert made.registered_from == ""


def test_a_plain_request_keeps_nothing_and_is_never_counted(monkeypatch: Any) -> None:
    monkeypatch.setattr(authorization_request, "MOST_ANONYMOUS", 0)
    web = Flow(make_application("web", scopes=("openid",)))
    assert web.start()["Location"].startswith("/account/login/")
    assert not AuthorizationRequest.objects.exists()
    web.browser.force_login(make_user(), "django.contrib.auth.backends.ModelBackend")
    assert "code" in location(web.decide(web.start()))
