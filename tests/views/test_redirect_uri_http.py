"""Redirect URIs as they really arrive: as bytes in a query, encoded by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from idp.conf import application_model
from idp.models import ClientPolicy, RedirectUri, SecurityEvent
from idp.services import redirect_uri as redirect_uris
from idp.services.origin_list import forget_origins
from idp.services.site import set_mode
from tests.factories import make_application, make_user
from tests.requirement import defect, requirement
from tests.views.flow import AUTHORIZE, CHALLENGE, Flow, location

pytestmark = pytest.mark.django_db

VECTORS = Path(__file__).parent.parent / "vectors"
URI = "https://client.example.com/callback"


def vectors(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((VECTORS / f"redirect_uri_{name}.json").read_text())
    return cases


def encoded(text: str) -> str:
    """Encode every byte by hand, so that no library tidies the text."""
    return "".join(f"%{octet:02X}" for octet in text.encode("utf-8", "surrogatepass"))


def ask(application: Any, raw_uri: str | None, **changes: str) -> Any:
    """Send an authorization request whose redirect URI is these characters of the query."""
    fields = {
        "response_type": "code",
        "client_id": application.client_id,
        "scope": "openid",
        "state": "st-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    query = "&".join(f"{name}={value}" for name, value in fields.items() if value)
    if raw_uri is not None:
        query += f"&redirect_uri={raw_uri}"
    browser = Browser(raise_request_exception=True)
    return browser.generic("GET", AUTHORIZE, QUERY_STRING=query)


def register(application: Any, text: str, **policy: Any) -> bool:
    """Write a registered URI past every guard; return whether the database can hold it at all."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    if "\x00" in text and connection.vendor == "postgresql":
        return False
    application_model().objects.filter(pk=application.pk).update(redirect_uris=text)
    if policy:
        ClientPolicy.objects.filter(application=application).update(**policy)
    return True


def is_page(response: Any) -> bool:
    """Return whether the answer is the page of a request that is not proven."""
    if response.status_code == 400:
        assert "Location" not in response
        return True
    assert response.status_code == 302, response.content.decode()[:500]
    return False


@pytest.fixture
def apps() -> dict[str, Any]:
    """A client of each kind."""
    return {
        kind: make_application(kind, scopes=("openid",))
        for kind in ("web", "spa", "native", "agent", "service", "device")
    }


@defect(18)
@defect(16)
@requirement("RFC 6749 §3.1.2.3", "Redirect URIs are compared as strings.")
@requirement("RFC 8252 §7.3", "The port of a loopback address may vary for native apps.")
@requirement("RFC 9700 §2.1", "No pattern, no prefix, no other spelling.")
def test_every_match_vector_is_decided_the_same_over_http(apps: dict[str, Any]) -> None:
    wrong, decided = [], 0
    for case in vectors("match"):
        local = bool(case.get("localhost"))
        kind = "native" if case.get("loopback_port") or local else "web"
        rules = {"environment": "development", "localhost_port": local}
        if not register(apps[kind], case["registered"], **rules):
            continue
        sound = redirect_uris.rules.registrable(case["registered"], kind, "development")
        expected = case["match"] and sound
        found = not is_page(ask(apps[kind], encoded(case["requested"])))
        decided += found
        if found is not expected:
            wrong.append(f"{case['id']}: {found}, but {case['why']}")
    assert wrong == []
    assert decided > 30


@defect(18)
@requirement("RFC 6749 §3.1.2", "A redirect URI is absolute and has no fragment.")
def test_a_registered_uri_that_breaks_a_rule_never_matches_and_a_sound_one_does(
    apps: dict[str, Any],
) -> None:
    wrong = []
    for case in vectors("inspect"):
        application = apps[case["kind"]]
        if not register(application, case["uri"], environment=case["environment"]):
            continue
        found = not is_page(ask(application, encoded(case["uri"])))
        if found is not (not case["codes"]["errors"]):
            wrong.append(f"{case['id']}: {found}, but {case['codes']['errors']}")
    assert wrong == []


def test_only_one_decoding_happens(apps: dict[str, Any]) -> None:
    web = apps["web"]
    register(web, "https://client.example.com/a+b%20c")
    plus, percent = "https://client.example.com/a%2Bb%2520c", "https://client.example.com/a%2Bb%20c"
    assert not is_page(ask(web, plus))
    assert is_page(ask(web, percent))
    assert is_page(ask(web, "https://client.example.com/a+b%2520c"))
    assert is_page(ask(web, encoded(encoded("https://client.example.com/a+b%20c"))))


@defect(16)
@pytest.mark.parametrize(
    "raw",
    ["https://client.example.com/callback%", "%zz", "%ff", "%c0%af", "%ed%a0%80", "\xff"],
)
def test_an_encoding_that_is_none_is_a_page(apps: dict[str, Any], raw: str) -> None:
    assert is_page(ask(apps["web"], raw))


def test_a_repeated_redirect_uri_is_a_page(apps: dict[str, Any]) -> None:
    assert is_page(ask(apps["web"], f"{encoded(URI)}&redirect_uri={encoded(URI)}"))
    assert is_page(ask(apps["web"], f"{encoded(URI)}&redirect_uri="))


@requirement("OpenID Connect Core §3.1.2.1", "redirect_uri is required of an OpenID request.")
@requirement("RFC 6749 §3.1.2.3", "It is required where several are registered.")
def test_a_missing_redirect_uri_is_a_page_with_openid_or_with_several_registered(
    apps: dict[str, Any],
) -> None:
    web = apps["web"]
    assert is_page(ask(web, None))
    assert is_page(ask(web, ""))
    assert not is_page(ask(web, None, scope=""))
    register(web, f"{URI} https://client.example.com/other")
    assert is_page(ask(web, None, scope=""))
    register(web, "")
    assert is_page(ask(web, None, scope=""))


def test_the_page_reveals_nothing_and_the_event_says_what_differs(apps: dict[str, Any]) -> None:
    response = ask(apps["web"], encoded("https://client.example.com/callback/../<script>"))
    html = response.content.decode()
    assert "client.example.com" not in html
    assert "script>" not in html.replace("</script>", "").replace("<script src", "")
    event = SecurityEvent.objects.get(kind="authorization.refused")
    assert event.detail["differs_in"] in {"path", "syntax"}
    assert "client.example.com" in event.detail["redirect_uri"]
    assert event.request_id in html


@pytest.mark.parametrize(
    ("requested", "component"),
    [
        ("http://client.example.com/callback", "scheme"),
        ("https://a@client.example.com/callback", "userinfo"),
        ("https://client.example.org/callback", "host"),
        ("https://client.example.com:8443/callback", "port"),
        ("https://client.example.com/Callback", "path"),
        ("https://client.example.com/callback?a=b", "query"),
        ("https://client.example.com/callback#", "fragment"),
        ("callback", "syntax"),
        ("https://client.example.com/" + "x" * 3_000, "path"),
    ],
)
def test_the_event_names_the_component_that_differs(
    apps: dict[str, Any], requested: str, component: str
) -> None:
    assert is_page(ask(apps["web"], encoded(requested)))
    detail = SecurityEvent.objects.get(kind="authorization.refused").detail
    assert detail["differs_in"] == component
    assert len(detail["redirect_uri"]) < 200


@defect(20)
@requirement("RFC 6749 §4.1.3", "The token request repeats the redirect URI exactly.")
def test_the_token_request_repeats_the_redirect_uri_exactly() -> None:
    flow = Flow(make_application("native", scopes=("openid",)), make_user())
    asked = "http://127.0.0.1:51234/callback"
    other = "http://127.0.0.1:51235/callback"
    for wrong in (other, "http://127.0.0.1/callback", asked + "/", asked.upper()):
        answer = flow.exchange(flow.code(redirect_uri=asked), redirect_uri=wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    answer = flow.exchange(flow.code(redirect_uri=asked), redirect_uri=asked)
    assert answer.status_code == 200


# Wildcards


@pytest.fixture
def wild(settings: Any) -> Iterator[Any]:
    settings.IDP = {**settings.IDP, "REDIRECT_URI_WILDCARDS": True}
    application = make_application("web", scopes=("openid",), environment="development")
    uri = "https://*.preview.example.com/callback"
    application_model().objects.filter(pk=application.pk).update(redirect_uris=uri)
    RedirectUri.objects.filter(application=application).delete()
    RedirectUri.objects.create(
        application=application,
        uri=uri,
        uri_digest=redirect_uris.uri_digest(uri),
        source="admin",
        wildcard_until=timezone.now() + timedelta(days=7),
    )
    return application


FITTING = encoded("https://branch-7.preview.example.com/callback")


@pytest.mark.parametrize(
    ("requested", "matches"),
    [
        ("https://branch-7.preview.example.com/callback", True),
        ("https://a.b.preview.example.com/callback", False),
        ("https://preview.example.com/callback", False),
        ("https://.preview.example.com/callback", False),
        ("https://*.preview.example.com/callback", False),
        ("https://A.preview.example.com/callback", False),
        ("https://a@b.preview.example.com/callback", False),
        ("https://evil.example/.preview.example.com/callback", False),
        ("https://evil.example?.preview.example.com/callback", False),
        ("http://a.preview.example.com/callback", False),
        ("https://a.preview.example.com/callback/", False),
        ("https://a.preview.example.com:443/callback", False),
    ],
)
def test_a_wildcard_stands_for_one_label_of_a_development_client(
    wild: Any, requested: str, *, matches: bool
) -> None:
    assert is_page(ask(wild, encoded(requested))) is not matches


def test_a_wildcard_ends_on_its_day(wild: Any) -> None:
    RedirectUri.objects.filter(application=wild).update(wildcard_until=timezone.now())
    assert is_page(ask(wild, FITTING))


def test_a_wildcard_without_an_end_or_without_a_row_never_matches(wild: Any) -> None:
    RedirectUri.objects.filter(application=wild).update(wildcard_until=None)
    assert is_page(ask(wild, FITTING))
    RedirectUri.objects.filter(application=wild).delete()
    assert is_page(ask(wild, FITTING))


def test_a_wildcard_is_nothing_in_production_or_where_the_site_forbids_it(
    wild: Any, settings: Any
) -> None:
    ClientPolicy.objects.filter(application=wild).update(environment="production")
    assert is_page(ask(wild, FITTING))
    ClientPolicy.objects.filter(application=wild).update(environment="development")
    assert not is_page(ask(wild, FITTING))
    settings.IDP = {**settings.IDP, "REDIRECT_URI_WILDCARDS": False}
    assert is_page(ask(wild, FITTING))


def test_a_code_that_went_to_a_wildcard_is_redeemed_there_alone(wild: Any) -> None:
    flow = Flow(wild, make_user())
    went = "https://a.preview.example.com/callback"
    other = flow.exchange(flow.code(redirect_uri=went), redirect_uri=went.replace("a.", "b.", 1))
    assert other.json()["error"] == "invalid_grant"
    assert flow.exchange(flow.code(redirect_uri=went), redirect_uri=went).status_code == 200


def test_nobody_without_a_wildcard_pays_for_it(apps: dict[str, Any], settings: Any) -> None:
    settings.IDP = {**settings.IDP, "REDIRECT_URI_WILDCARDS": True}
    ClientPolicy.objects.update(environment="development")
    with CaptureQueriesContext(connection) as queries:
        ask(apps["web"], encoded(URI))
    assert [q["sql"] for q in queries if "idp_redirecturi" in q["sql"]] == []


# Use


@pytest.fixture
def _no_memory() -> Iterator[None]:
    """Let each test begin as a process does."""
    redirect_uris._recorded.clear()
    yield
    redirect_uris._recorded.clear()


def statements(queries: CaptureQueriesContext) -> list[str]:
    return [q["sql"] for q in queries if "idp_redirecturi" in q["sql"]]


@pytest.mark.usefixtures("_no_memory")
def test_use_is_recorded_once_an_hour_after_everything_else(
    clock: Any, django_capture_on_commit_callbacks: Any
) -> None:
    flow = Flow(make_application("native", scopes=("openid",)), make_user())
    flow.code()
    redirect_uris._recorded.clear()
    RedirectUri.objects.update(last_used_at=None, first_used_at=None, used_hours=0)
    with CaptureQueriesContext(connection) as during, django_capture_on_commit_callbacks() as after:
        flow.code(redirect_uri="http://127.0.0.1:5000/callback")
    assert statements(during) == []
    with CaptureQueriesContext(connection) as later:
        for callback in after:
            callback()
    assert [sql.split()[0] for sql in statements(later)] == ["UPDATE"]
    row = RedirectUri.objects.get(application=flow.application)
    assert row.used_hours == 1
    assert row.first_used_at == row.last_used_at == timezone.now()

    clock.shift(60 * 59)
    with (
        CaptureQueriesContext(connection) as again,
        django_capture_on_commit_callbacks(execute=True),
    ):
        flow.code(redirect_uri="http://127.0.0.1:6000/callback")
    assert statements(again) == []

    clock.shift(60)
    following = CaptureQueriesContext(connection)
    with following, django_capture_on_commit_callbacks(execute=True):
        flow.code()
    assert len(statements(following)) == 1
    row.refresh_from_db()
    assert row.used_hours == 2


@pytest.mark.usefixtures("_no_memory")
def test_a_refused_request_is_no_use(django_capture_on_commit_callbacks: Any) -> None:
    flow = Flow(make_application("web", scopes=("openid",)), make_user())
    with django_capture_on_commit_callbacks(execute=True):
        flow.decide(flow.start(), "deny")
        location(flow.start(prompt="none"))
    assert RedirectUri.objects.get(application=flow.application).last_used_at is None


# The same rule elsewhere


def sign_out(application: Any, raw_uri: str) -> Any:
    browser = Browser(raise_request_exception=True)
    query = f"client_id={application.client_id}&post_logout_redirect_uri={raw_uri}"
    return browser.generic("GET", "/o/logout/", QUERY_STRING=query)


@defect(18)
def test_every_vector_is_decided_the_same_at_sign_out(apps: dict[str, Any]) -> None:
    wrong = []
    rows = application_model().objects
    for case in vectors("match"):
        local = bool(case.get("localhost"))
        kind = "native" if case.get("loopback_port") or local else "web"
        if not register(apps[kind], "", environment="development", localhost_port=local):
            continue
        if not storable(case["registered"]):
            continue
        rows.filter(pk=apps[kind].pk).update(post_logout_redirect_uris=case["registered"])
        sound = redirect_uris.rules.registrable(case["registered"], kind, "development")
        response = sign_out(apps[kind], encoded(case["requested"]))
        if not case["requested"]:
            continue  # nothing asked for: the page of the site itself
        if (not is_page(response)) is not (case["match"] and sound):
            wrong.append(case["id"])
    assert wrong == []


def storable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def test_the_sign_out_page_reveals_nothing_and_the_event_says_what_differs() -> None:
    application = make_application(
        "web", post_logout_redirect_uris="https://secret.example.com/bye"
    )
    response = sign_out(application, encoded("https://secret.example.com/good"))
    assert is_page(response)
    assert "secret.example.com" not in response.content.decode()
    event = SecurityEvent.objects.get(kind="logout.refused")
    assert event.detail["differs_in"] == "path"
    assert event.client_id == application.client_id


@defect(24)
@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app.example.com", True),
        ("https://APP.example.com", False),
        ("https://app.example.com:443", False),
        ("https://app.example.com/", False),
        ("https://app.example.com.evil.example", False),
        ("http://app.example.com", False),
        ("https://evil.example https://app.example.com", False),
        ("null", False),
        ("", False),
        ("*", False),
        ("https://off.example.com", False),
        ("http://broken.example.com", False),
    ],
)
def test_an_origin_is_answered_exactly_as_registered(origin: str, *, allowed: bool) -> None:
    make_application("spa", allowed_origins="https://app.example.com")
    make_application("spa", allowed_origins="https://off.example.com", status="disabled")
    broken = make_application("spa")
    application_model().objects.filter(pk=broken.pk).update(
        allowed_origins="http://broken.example.com null *"
    )
    forget_origins()
    for path in ("/o/token/", "/o/revoke_token/", "/o/userinfo/"):
        for method in ("POST", "OPTIONS"):
            response = Browser().generic(method, path, HTTP_ORIGIN=origin)
            assert (response.get("Access-Control-Allow-Origin") == (origin or None)) is (
                allowed or not origin
            )
            assert "Access-Control-Allow-Credentials" not in response
            assert "Origin" in response["Vary"]


# A site that only reports


@pytest.mark.parametrize(
    ("registered", "requested", "code"),
    [
        (URI, URI.replace("https", "HTTPS"), "redirect_uri_mismatch"),
        ("http://client.example.com/cb", "http://client.example.com/cb", "https_required"),
        ("https://client.example.com/a/../b", "https://client.example.com/a/../b", "dot_segment"),
    ],
)
def test_a_site_that_reports_lets_old_addresses_work_and_says_what_enforcing_would_refuse(
    apps: dict[str, Any], registered: str, requested: str, code: str
) -> None:
    set_mode("report")
    register(apps["web"], registered)
    assert not is_page(ask(apps["web"], encoded(requested)))
    event = SecurityEvent.objects.get(kind="redirect_uri.would_refuse")
    assert event.client_id == apps["web"].client_id
    assert code in {reason["code"] for reason in event.reasons}


def test_a_site_that_reports_says_nothing_about_a_sound_address(apps: dict[str, Any]) -> None:
    set_mode("report")
    assert not is_page(ask(apps["web"], encoded(URI)))
    assert not SecurityEvent.objects.filter(kind="redirect_uri.would_refuse").exists()


@pytest.mark.parametrize("requested", ["https://[", "https://a:99999/", "callback", "//a/b", "x:"])
def test_a_site_that_reports_refuses_what_is_no_address_of_the_client(
    apps: dict[str, Any], requested: str
) -> None:
    set_mode("report")
    assert is_page(ask(apps["web"], encoded(requested)))
