"""Discovery cannot lie: every value that the metadata names is used, and works.

``WALKS`` holds one walk for each member; a member that nobody walks is a failure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import global_settings
from django.contrib.auth.models import AnonymousUser
from django.core.checks import run_checks
from django.test import Client as Browser
from django.test import RequestFactory

from idp.domain.client import DEVICE_CODE
from idp.models import LogoutDelivery
from idp.services.sign_in import report
from tests.factories import add_scope, make_api, make_application, make_scope, make_user
from tests.requirement import defect, requirement
from tests.views.device_flow import DeviceFlow
from tests.views.documents import Shelf
from tests.views.flow import CHALLENGE, Flow, basic, bearer, location, post
from tests.views.test_claims import userinfo
from tests.views.test_client_assertion import KEYS, assertion, make_client
from tests.views.test_logout import answer as confirmed
from tests.views.test_openid_plan import BYE, leave
from tests.views.token_reader import id_token, read_token

pytestmark = pytest.mark.django_db

ISSUER = "http://127.0.0.1:8000/o"
CONTEXT = "urn:example:mfa"
PAGES = {
    "POLICY_URI": "https://example.com/privacy",
    "TOS_URI": "https://example.com/terms",
    "SERVICE_DOCUMENTATION": "https://example.com/developers",
}
DOCUMENTS = (
    "/o/.well-known/openid-configuration",
    "/o/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/o",
    "/.well-known/openid-configuration/o",
)
CLIENT_ENDPOINTS = {"token": "token", "revocation": "revoke_token", "introspection": "introspect"}
CALLBACK = "https://app.wanderer-photos.com/callback"


@pytest.fixture(autouse=True)
def _everything_is_on(settings: Any) -> None:
    settings.IDP = {
        **settings.IDP,
        "ACR_VALUES": [CONTEXT],
        **PAGES,
        "CLAIMS": "tests.views.test_openid_plan.Everything",
    }
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
        "CIMD_ENABLED": True,
        "CIMD_METADATA_FETCHER": "tests.views.documents.Shelf",
    }


@pytest.fixture
def flow() -> Flow:
    make_scope("reports:read")
    ada = make_user("ada", first_name="Ada", last_name="Lovelace", email="ada@example.com")
    application = make_application(
        "web",
        scopes=("openid", "profile", "email", "address", "phone"),
        post_logout_redirect_uris=BYE,
        backchannel_logout_uri="https://client.example.com/logout",
    )
    return Flow(application, ada)


def metadata() -> dict[str, Any]:
    found: dict[str, Any] = Browser().get(DOCUMENTS[0]).json()
    return found


def flow_of(flow: Flow, **fields: Any) -> Flow:
    """Return the same user's flow with a new client."""
    return Flow(make_application("web", scopes=("openid", "email"), **fields), flow.user)


# Walks: each takes a flow and the value of its member


def issuer(flow: Flow, value: str) -> None:
    assert id_token(flow.tokens())["iss"] == value
    assert location(flow.start())["iss"] == value


def endpoint(flow: Flow, value: str) -> None:
    path = urlsplit(value).path
    answers = {Browser().get(path).status_code, Browser().post(path).status_code}
    assert answers - {404, 405}
    assert not [status for status in answers if status >= 500]


def key_set(flow: Flow, value: str) -> None:
    keys = Browser().get(urlsplit(value).path).json()["keys"]
    assert read_token(flow.tokens()["id_token"])[0]["kid"] in {key["kid"] for key in keys}


def registration(flow: Flow, value: str) -> None:
    body = json.dumps({"redirect_uris": [CALLBACK], "client_name": "Wanderer"})
    made = Browser().post(urlsplit(value).path, body, content_type="application/json")
    assert made.status_code == 201, made.content


def response_types(flow: Flow, values: list[str]) -> None:
    for value in values:
        assert flow.code(response_type=value)


def response_modes(flow: Flow, values: list[str]) -> None:
    for value in values:
        answer = flow.decide(flow.start(response_mode=value, prompt="consent"))
        assert answer.status_code == (302 if value == "query" else 200)
        assert "code=" in answer.get("Location", "") or b'name="code"' in answer.content


def grant_types(flow: Flow, values: list[str]) -> None:
    def refreshed() -> Any:
        return flow.refresh(flow.tokens()["refresh_token"]).json()

    def in_its_own_name() -> Any:
        service = Flow(make_application("service", scopes=("reports:read",)))
        return service.token(grant_type="client_credentials", scope="reports:read").json()

    def on_a_device() -> Any:
        return DeviceFlow(make_application("device", scopes=("openid",)), flow.user).tokens()

    grants: Mapping[str, Callable[[], Any]] = {
        "authorization_code": flow.tokens,
        "refresh_token": refreshed,
        "client_credentials": in_its_own_name,
        DEVICE_CODE: on_a_device,
    }
    for value in values:
        assert grants[value]()["access_token"], value


def scopes(flow: Flow, values: list[str]) -> None:
    for value in values:
        if value in {"reports:read", "offline_access"}:
            add_scope(flow.application, value)
        answer = flow.tokens(" ".join({"openid", value}), prompt="consent")
        assert value in answer["scope"].split()


def claims(flow: Flow, values: list[str]) -> None:
    strengthened(flow)
    answer = flow.tokens("openid profile email address phone", max_age="600", acr_values=CONTEXT)
    assert set(values) <= {*userinfo(answer), *id_token(answer)}


def claims_parameter(flow: Flow, value: bool) -> None:  # noqa: FBT001
    asked = json.dumps({"userinfo": {"given_name": {"essential": True}}})
    assert (userinfo(flow.tokens(claims=asked)).get("given_name") == "Ada") is value


def claim_types(flow: Flow, values: list[str]) -> None:
    assert values == ["normal"]
    assert "_claim_names" not in userinfo(flow.tokens("openid profile"))


def subject_types(flow: Flow, values: list[str]) -> None:
    subjects = {
        id_token(flow_of(flow, subject_type="" if value == "public" else value).tokens())["sub"]
        for value in values
    }
    assert len(subjects) == len(values)


def id_token_algorithms(flow: Flow, values: list[str]) -> None:
    for value in values:
        other = flow_of(flow, id_token_signed_response_alg=value)
        assert read_token(other.tokens()["id_token"])[0]["alg"] == value


def userinfo_algorithms(flow: Flow, values: list[str]) -> None:
    for value in values:
        other = flow_of(flow, userinfo_signed_response_alg=value)
        told = Browser().get("/o/userinfo/", **bearer(other.tokens()["access_token"]))
        assert read_token(told.content.decode())[0]["alg"] == value


def strengthened(flow: Flow) -> None:
    """Report a second factor in the browser's session, as a site's own page does."""
    request = RequestFactory().get("/")
    request.user, request.session = flow.user or AnonymousUser(), flow.browser.session
    report(request, amr=("otp", "mfa"), acr=CONTEXT)


def contexts(flow: Flow, values: list[str]) -> None:
    strengthened(flow)
    for value in values:
        assert id_token(flow.tokens(acr_values=value))["acr"] == value


def methods(name: str) -> Callable[[Flow, list[str]], None]:
    """Return a walk that authenticates by each method at an endpoint."""

    def walk(flow: Flow, values: list[str]) -> None:
        for value in values:
            fields = {"token": "x", "grant_type": "refresh_token", "refresh_token": "x"}
            headers: dict[str, str] = {}
            if value == "none":
                fields["client_id"] = make_application("spa", scopes=("openid",)).client_id
            elif value == "private_key_jwt":
                fields |= assertion(make_client())
            else:
                client = make_application("web", token_endpoint_auth_method=value)
                secret = {"client_id": client.client_id, "client_secret": client.plain_secret}
                headers = basic(client) if value == "client_secret_basic" else {}
                fields |= {} if headers else secret
            answer = post(f"/o/{CLIENT_ENDPOINTS[name]}/", fields, **headers)
            assert answer.status_code in {200, 400}, (name, value, answer.content)
            assert b"invalid_client" not in answer.content

    return walk


def assertion_algorithms(name: str) -> Callable[[Flow, list[str]], None]:
    """Return a walk that authenticates by each signature at an endpoint."""

    def walk(flow: Flow, values: list[str]) -> None:
        assert set(values) == set(KEYS)
        for value in values:
            fields = {"token": "x", "grant_type": "client_credentials", "scope": "reports:read"}
            proof = assertion(make_client(), value)
            answer = post(f"/o/{CLIENT_ENDPOINTS[name]}/", {**fields, **proof})
            assert answer.status_code == 200, (name, value, answer.content)

    return walk


def challenges(flow: Flow, values: list[str]) -> None:
    for value in values:
        assert flow.tokens(code_challenge=CHALLENGE, code_challenge_method=value)


def prompts(flow: Flow, values: list[str]) -> None:
    shown: Mapping[str, Callable[[Any], bool]] = {
        "none": lambda response: "code" in location(response),
        "login": lambda response: response["Location"].startswith("/account/login/"),
        "consent": lambda response: b"/authorize/decide/" in response.content,
        "select_account": lambda response: b"/authorize/select/" in response.content,
    }
    flow.tokens()
    for value in values:
        assert shown[value](flow.start(prompt=value)), value
    assert location(flow.start(prompt="create"))["error"] == "invalid_request"


def names_the_issuer(flow: Flow, value: bool) -> None:  # noqa: FBT001
    for answer in (location(flow.start(prompt="none")), location(flow.start(scope="x"))):
        assert (answer.get("iss") == ISSUER) is value


def told_of_logout(flow: Flow, value: bool) -> None:  # noqa: FBT001
    hint = flow.tokens()["id_token"]
    confirmed(flow, leave(flow, id_token_hint=hint))
    assert bool(LogoutDelivery.objects.get().sid) is value


def refused_by_its_code(name: str) -> Callable[[Flow, bool], None]:
    """Return a walk that sends a parameter that is not supported."""

    def walk(flow: Flow, value: bool) -> None:  # noqa: FBT001
        answer = location(flow.start(**{name: "https://client.example.com/x"}))
        assert (answer["error"] == f"{name}_not_supported") is not value

    return walk


def languages(flow: Flow, values: list[str]) -> None:
    for value in values:
        html = flow.start(ui_locales=value).content.decode()
        assert f'<html lang="{value}"' in html, value
    unknown = flow.start(ui_locales="tlh").content.decode()
    assert f'<html lang="{values[0]}"' in unknown


def displays(flow: Flow, values: list[str]) -> None:
    for value in values:
        assert b"/authorize/decide/" in flow.start(display=value).content


def page_of_the_site(flow: Flow, value: str) -> None:
    assert value in PAGES.values()


def need_not_push(flow: Flow, value: bool) -> None:  # noqa: FBT001
    assert (flow.start().status_code == 200) is not value


def documents(flow: Flow, value: bool) -> None:  # noqa: FBT001
    name = "https://app.wanderer-photos.com/client.json"
    Shelf.documents[name] = {
        "client_id": name, "client_name": "Wanderer", "redirect_uris": [CALLBACK],
    }  # fmt: skip
    asked = flow.start(client_id=name, redirect_uri=CALLBACK)
    assert (asked.status_code == 200) is value


WALKS: Mapping[str, Callable[[Flow, Any], None]] = {
    "issuer": issuer,
    "authorization_endpoint": endpoint,
    "pushed_authorization_request_endpoint": endpoint,
    "device_authorization_endpoint": endpoint,
    "token_endpoint": endpoint,
    "userinfo_endpoint": endpoint,
    "revocation_endpoint": endpoint,
    "introspection_endpoint": endpoint,
    "end_session_endpoint": endpoint,
    "registration_endpoint": registration,
    "jwks_uri": key_set,
    "response_types_supported": response_types,
    "response_modes_supported": response_modes,
    "grant_types_supported": grant_types,
    "scopes_supported": scopes,
    "claims_supported": claims,
    "claim_types_supported": claim_types,
    "claims_parameter_supported": claims_parameter,
    "subject_types_supported": subject_types,
    "id_token_signing_alg_values_supported": id_token_algorithms,
    "userinfo_signing_alg_values_supported": userinfo_algorithms,
    "acr_values_supported": contexts,
    **{f"{name}_endpoint_auth_methods_supported": methods(name) for name in CLIENT_ENDPOINTS},
    **{
        f"{name}_endpoint_auth_signing_alg_values_supported": assertion_algorithms(name)
        for name in CLIENT_ENDPOINTS
    },
    "code_challenge_methods_supported": challenges,
    "prompt_values_supported": prompts,
    "authorization_response_iss_parameter_supported": names_the_issuer,
    "backchannel_logout_supported": told_of_logout,
    "backchannel_logout_session_supported": told_of_logout,
    "request_parameter_supported": refused_by_its_code("request"),
    "request_uri_parameter_supported": refused_by_its_code("request_uri"),
    "require_pushed_authorization_requests": need_not_push,
    "ui_locales_supported": languages,
    "display_values_supported": displays,
    "op_policy_uri": page_of_the_site,
    "op_tos_uri": page_of_the_site,
    "service_documentation": page_of_the_site,
    "client_id_metadata_document_supported": documents,
}
"""Member of the metadata to what uses each of its values."""


@defect(24)
@requirement("OpenID Connect Discovery §3", "The metadata names what is on, and nothing else.")
@requirement("RFC 8414 §2", "The metadata names what is on, and nothing else.")
@pytest.mark.parametrize("member", WALKS)
def test_what_the_metadata_names_works(flow: Flow, member: str) -> None:
    WALKS[member](flow, metadata()[member])


def test_the_metadata_names_nothing_that_nobody_walks() -> None:
    assert set(metadata()) == set(WALKS)


@requirement("OpenID Connect Discovery §3", "What the site does not have is left out.")
def test_pages_that_the_site_does_not_name_are_left_out(settings: Any) -> None:
    settings.IDP = {**settings.IDP, **dict.fromkeys(PAGES, "")}
    assert not {"op_policy_uri", "op_tos_uri", "service_documentation"} & set(metadata())
    assert "claims_locales_supported" not in metadata()
    settings.IDP = {**settings.IDP, "TOS_URI": "example.com/terms"}
    assert "idp.E002" in {message.id for message in run_checks()}


@requirement("OpenID Connect Discovery §3", "ui_locales_supported names what people can have.")
def test_the_languages_are_those_that_the_site_offers(settings: Any) -> None:
    settings.LANGUAGES, settings.LANGUAGE_CODE = [("de", "Deutsch"), ("fr", "Français")], "fr"
    assert metadata()["ui_locales_supported"] == ["fr", "de"]
    settings.LANGUAGES = global_settings.LANGUAGES
    assert set(metadata()["ui_locales_supported"]) == {"en", "de", "ar"}


@requirement("OpenID Connect Discovery §4", "The document is JSON beneath the issuer.")
@requirement("RFC 8414 §3", "The document is found at each specified place, and is the same.")
def test_each_place_has_the_same_document() -> None:
    answers = [Browser().get(path) for path in DOCUMENTS]
    assert {answer["Content-Type"] for answer in answers} == {"application/json"}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert answers[0].json()["issuer"] == ISSUER
    elsewhere = Browser().get("/.well-known/oauth-authorization-server/elsewhere")
    assert elsewhere.status_code == 404


@requirement("RFC 9728 §2", "The metadata of a resource is true.")
@requirement("RFC 9728 §3", "It is found beneath the resource's own place.")
def test_what_the_metadata_of_a_resource_names_works(flow: Flow) -> None:
    api = make_api("http://testserver/api", "Photos API")
    for name in ("photos:read", "account:read"):
        make_scope(name, api=api)
        add_scope(flow.application, name)
    told = Browser().get("/.well-known/oauth-protected-resource/api").json()
    assert set(told) == {
        "resource",
        "authorization_servers",
        "bearer_methods_supported",
        "scopes_supported",
        "resource_name",
    }
    (server,) = told["authorization_servers"]
    assert server == metadata()["issuer"]
    assert told["bearer_methods_supported"] == ["header"]
    assert set(told["scopes_supported"]) == {"photos:read", "account:read"}
    answer = flow.tokens(" ".join(told["scopes_supported"]), resource=told["resource"])
    token = answer["access_token"]
    assert Browser().get("/api/photos/", **bearer(token)).status_code == 200
    assert Browser().get(f"/api/photos/?access_token={token}").status_code == 401
    own = post("/o/introspect/", {"token": token}, **basic(flow.application)).json()
    assert own["aud"] == told["resource"]
