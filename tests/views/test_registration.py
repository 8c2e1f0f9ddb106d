"""Clients that register themselves: what they get, what they may never set, and how they end."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from idp.conf import access_token_model, application_model
from idp.domain.registration import VALUES
from idp.models import ClientPolicy, ClientScope, SecurityEvent
from idp.services.client import disable_client
from idp.services.purge import due, purge
from tests.factories import make_application, make_policy, make_scope, make_user
from tests.requirement import defect, requirement
from tests.views.flow import Flow, basic, post

pytestmark = pytest.mark.django_db

REGISTER = "/o/register/"
CALLBACK = "https://app.wanderer-photos.com/callback"
OPEN = "oauth2_provider.dcr.AllowAllDCRPermission"


@pytest.fixture(autouse=True)
def _registration_is_on(settings: Any) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": [OPEN],
    }


def document(**changes: Any) -> dict[str, Any]:
    given = {"client_name": "Wanderer", "redirect_uris": [CALLBACK], **changes}
    return {name: value for name, value in given.items() if value is not None}


def send(method: str, path: str, body: Any, token: str = "", **headers: Any) -> Any:
    if token:
        headers["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    return Browser().generic(method, path, data, content_type="application/json", **headers)


def register(**changes: Any) -> Any:
    return send("POST", REGISTER, document(**changes))


def registered(**changes: Any) -> dict[str, Any]:
    response = register(**changes)
    assert response.status_code == 201, response.content
    answer: dict[str, Any] = response.json()
    return answer


def policy_of(answer: dict[str, Any]) -> ClientPolicy:
    return ClientPolicy.objects.get(application__client_id=answer["client_id"])


def manage(method: str, answer: dict[str, Any], body: Any = "", token: str | None = None) -> Any:
    given = answer["registration_access_token"] if token is None else token
    return send(method, f"{REGISTER}{answer['client_id']}/", body, given)


def test_nobody_registers_where_the_site_did_not_turn_it_on(settings):
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "DCR_ENABLED": False}
    assert register().status_code == 404
    for path in (
        "/o/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/o",
    ):
        assert "registration_endpoint" not in Browser().get(path).json()


@requirement("RFC 8414 §2", "registration_endpoint is told once it is on.")
def test_both_documents_name_the_endpoint_once_it_is_on():
    for path in (
        "/o/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/o",
    ):
        assert Browser().get(path).json()["registration_endpoint"].endswith("/o/register/")


@requirement("RFC 7591 §3.2.1", "201 with everything that was registered.")
def test_a_client_is_told_what_was_registered():
    make_scope("photos:read")
    make_scope("photos:all", policy=make_policy(clients="approved"))
    make_scope("photos:listed", policy=make_policy(clients="listed"))
    make_scope("photos:hidden", public=False)
    response = register(scope="openid photos:read photos:all photos:listed unknown", colour="red")
    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    assert response["Access-Control-Allow-Origin"] == "*"
    answer = response.json()
    assert answer["scope"] == "openid photos:read"
    assert answer["token_endpoint_auth_method"] == "client_secret_basic"
    assert answer["grant_types"] == ["authorization_code", "refresh_token"]
    assert answer["client_secret_expires_at"] == 0
    assert "colour" not in answer
    policy = policy_of(answer)
    assert (policy.kind, policy.source, policy.environment) == ("web", "registration", "production")
    assert answer["registration_access_token"] not in str(vars(policy))
    assert SecurityEvent.objects.filter(kind="registration.registered").exists()
    everything = set(registered()["scope"].split())
    assert {"openid", "photos:read"} <= everything
    assert not everything & {"photos:all", "photos:listed", "photos:hidden"}


def test_the_client_signs_somebody_in_and_the_page_says_that_nobody_vouches_for_it():
    answer = registered(token_endpoint_auth_method="none")
    application = application_model().objects.get(client_id=answer["client_id"])
    application.plain_secret = None
    flow = Flow(application, make_user())
    page = flow.start()
    assert "verified" in page.content.decode().lower()
    assert "client_secret" not in answer
    assert flow.tokens()["id_token"]


def test_its_secret_works():
    answer = registered()
    application = application_model().objects.get(client_id=answer["client_id"])
    wrong = post("/o/token/", {"grant_type": "authorization_code"}, **basic(application, "x"))
    right = post(
        "/o/token/",
        {"grant_type": "authorization_code", "code": "c", "redirect_uri": CALLBACK},
        **basic(application, answer["client_secret"]),
    )
    assert (wrong.status_code, right.json()["error"]) == (401, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "web"),
        ({"token_endpoint_auth_method": "none"}, "spa"),
        ({"token_endpoint_auth_method": "none", "application_type": "native"}, "native"),
        (
            {
                "token_endpoint_auth_method": "none",
                "redirect_uris": ["http://localhost:6274/oauth/callback"],
            },
            "native",
        ),
        ({"redirect_uris": ["http://127.0.0.1:33418/callback"]}, "agent"),
        (
            {
                "token_endpoint_auth_method": "none",
                "redirect_uris": None,
                "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
            },
            "device",
        ),
    ],
)
def test_the_kind_follows_from_what_it_needs(changes, kind):
    answer = registered(**changes)
    assert policy_of(answer).kind == kind


NEVER = {
    "first_party": True,
    "verified": True,
    "kind": "service",
    "environment": "development",
    "consent_mode": "implicit",
    "skip_authorization": True,
    "enforcement": "report",
    "access_token_lifetime": 999_999,
    "refresh_token_lifetime": 999_999,
    "refresh_token_idle_lifetime": 999_999,
    "consent_lifetime": 999_999,
    "access_token_format": "jwt",
    "localhost_port": True,
    "owner": "admin",
    "owner_users": [1],
    "owner_groups": [1],
    "user": 1,
    "source": "file",
    "status": "active",
    "epoch": 99,
    "resource_servers": ["x"],
    "client_id": "chosen",
    "client_secret": "chosen",
    "algorithm": "HS256",
    "registration_source": "manual",
    "allowed_origins": ["https://evil.example"],
}


@requirement("RFC 7591 §5", "A client cannot make itself trusted.")
def test_what_only_an_operator_decides_cannot_be_set():
    plain, tried = policy_of(registered()), registered(**NEVER)
    policy = policy_of(tried)
    same = {field.attname for field in ClientPolicy._meta.concrete_fields} - {
        "id",
        "application_id",
        "created_at",
        "registration_token",
    }
    assert {n: getattr(policy, n) for n in same} == {n: getattr(plain, n) for n in same}
    application = policy.application
    assert not application.skip_authorization
    assert application.user is None
    assert application.allowed_origins == ""
    assert application.algorithm == "RS256"
    assert tried["client_id"] != "chosen"
    assert tried["client_secret"] != "chosen"
    assert not policy.served_apis.exists()
    assert not policy.owner_users.exists()
    assert not set(NEVER) - {"client_id", "client_secret"} & set(tried)
    changed = manage(
        "PUT", tried, document(**NEVER | {"client_id": tried["client_id"], "client_secret": None})
    )
    assert changed.status_code == 200, changed.content
    policy.refresh_from_db()
    assert not (policy.first_party)
    assert not (policy.verified)
    assert not (policy.consent_mode)


@defect(18)
@requirement("RFC 7591 §3.2.2", "invalid_redirect_uri and invalid_client_metadata.")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uris": None}, "invalid_client_metadata"),
        ({"redirect_uris": [CALLBACK + "#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://10.0.0.1/callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://*.wanderer-photos.com/callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": "x"}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK] * 21}, "invalid_redirect_uri"),
        ({"post_logout_redirect_uris": [CALLBACK + "#x"]}, "invalid_redirect_uri"),
        ({"client_name": "x" * 101}, "invalid_client_metadata"),
        ({"client_name": "Bank\u202e"}, "invalid_client_metadata"),
        ({"client_name": "Bank\u0000"}, "invalid_client_metadata"),
        ({"client_name": "Bank\u200b"}, "invalid_client_metadata"),
        ({"client_name": {"de": "Bank"}}, "invalid_client_metadata"),
        ({"client_uri": "http://wanderer-photos.com"}, "invalid_client_metadata"),
        ({"logo_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"grant_types": []}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
        ({"scope": "admin"}, "invalid_client_metadata"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}, "invalid_client_metadata"),
        ({"jwks_uri": "https://127.0.0.1/jwks"}, "invalid_client_metadata"),
        ({"backchannel_logout_uri": "http://10.0.0.1/"}, "invalid_client_metadata"),
        ({"subject_type": "both"}, "invalid_client_metadata"),
        ({"default_max_age": -1}, "invalid_client_metadata"),
        ({"software_statement": "e.y.J"}, "unapproved_software_statement"),
    ],
)
def test_what_breaks_a_rule_is_refused_in_words(changes, error):
    response = register(**changes)
    assert response.status_code == 400, response.content
    assert response.json()["error"] == error
    assert len(response.json()["error_description"]) > 15
    assert response["Cache-Control"] == "no-store"
    assert not application_model().objects.exists()


def test_the_name_of_the_site_is_not_for_others(settings):
    settings.IDP = {**settings.IDP, "SITE_NAME": "Lumen"}
    assert "name" in register(client_name="Lumеn").json()["error_description"]


HOSTILE = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'"x"',
    b"[" * 30_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"default_max_age": NaN}',
    b'{"default_max_age": 1e999}',
    b'{"default_max_age": ' + b"9" * 5_000 + b"}",
    b'{"client_name": "\\ud800", "redirect_uris": ["https://a.example/\\u0000"]}',
    b'{"jwks": {"keys": [{"kty": "RSA", "n": "\\u0000", "e": "AQAB", "x": 1e999}]}}',
    b'{"jwks": {"keys": [' + b"[" * 900 + b"]" * 900 + b"]}}",
    b'{"redirect_uris": [null, 1, {}, []], "contacts": {"a": 1}, "scope": ["x"]}',
    b'{"software_statement": {"a": [1]}}',
    b"x" * 70_000,
]


def test_no_body_makes_the_server_fail():
    answer = registered()
    for body in HOSTILE:
        for response in (send("POST", REGISTER, body), manage("PUT", answer, body)):
            assert 400 <= response.status_code < 500, (body[:80], response.content)
            assert response.json()["error"]


@pytest.mark.parametrize(
    "value",
    [1, -1.5, True, [], {}, [[]], {"a": {"b": None}}, "\u0000", "\ud800", ["\u0000"]],
    ids=repr,
)
def test_no_type_of_a_value_makes_the_server_fail(value):
    names = (*VALUES, *NEVER)
    assert register(**dict.fromkeys(names, value)).status_code == 400
    for name in ("client_name", "scope", "jwks", "default_max_age", "contacts"):
        assert register(**{name: value}).status_code in {201, 400}


def test_too_many_attempts_have_to_wait(settings):
    settings.IDP = {**settings.IDP, "REGISTRATION_LIMITS": {"per_address": 2}}
    assert [register(client_name="").status_code for _ in range(2)] == [201, 201]
    refused = register()
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3_600
    assert refused.json()["error"] == "temporarily_unavailable"
    elsewhere = send("POST", REGISTER, document(), REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 201
    for number in (1, 2):
        address = f"2001:db8::{number}"
        assert send("POST", REGISTER, document(), REMOTE_ADDR=address).status_code == 201
    neighbour = send("POST", REGISTER, document(), REMOTE_ADDR="2001:db8::3")
    assert neighbour.status_code == 429


def test_all_addresses_together_have_a_limit_and_so_have_unused_clients(settings):
    settings.IDP = {**settings.IDP, "REGISTRATION_LIMITS": {"per_hour": 1}}
    assert [register().status_code for _ in range(2)] == [201, 429]
    cache.clear()
    settings.IDP = {**settings.IDP, "REGISTRATION_LIMITS": {"unused": 1}}
    assert register().status_code == 429


def test_only_who_the_site_lets_registers_and_may_ask_for_what_needs_an_approval(settings):
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.IsAuthenticatedDCRPermission"],
    }
    make_scope("photos:all", policy=make_policy(clients="approved"))
    refused = register()
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    browser, user = Browser(), make_user()
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    body = json.dumps(
        document(scope="photos:all", grant_types=["authorization_code", "client_credentials"])
    )
    response = browser.post(REGISTER, body, content_type="application/json")
    assert response.status_code == 201, response.content
    assert response.json()["scope"] == ""
    row = ClientScope.objects.get()
    assert (row.state, row.application.user) == (ClientScope.State.REQUESTED, user)


@requirement("RFC 7592 §2", "A client reads, changes and removes its registration.")
def test_a_client_reads_changes_and_removes_itself():
    made = registered()
    read = manage("GET", made)
    assert read.status_code == 200
    assert read["Cache-Control"] == "no-store"
    told = {name: made[name] for name in made if not name.startswith("client_secret")}
    assert read.json() == told
    ClientPolicy.objects.update(verified=True)
    body = document(
        client_id=made["client_id"], client_name="Wanderer 2", token_endpoint_auth_method="none"
    )
    changed = manage("PUT", made, body)
    assert changed.status_code == 200, changed.content
    assert (changed.json()["client_name"], policy_of(made).verified) == ("Wanderer 2", False)
    assert manage("GET", made).status_code == 401
    assert manage("GET", changed.json()).status_code == 200
    removed = manage("DELETE", changed.json())
    assert (removed.status_code, removed["Cache-Control"]) == (204, "no-store")
    assert not application_model().objects.exists()
    assert manage("GET", changed.json()).status_code == 401


@requirement("RFC 7592 §2.2", "A change holds neither another client_id nor another secret.")
@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"client_id": None},
        {"client_secret": "guessed"},
        {"registration_access_token": "x"},
        {"client_secret_expires_at": 0},
    ],
)
def test_a_change_says_nothing_that_is_the_servers_to_say(changes):
    made = registered()
    refused = manage("PUT", made, document(**{"client_id": made["client_id"], **changes}))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client_metadata")


@requirement("RFC 7592 §2.1", "Only its own token opens a registration.")
def test_only_the_own_token_opens_a_registration():
    mine, theirs = registered(), registered()
    operators = make_application(client_id="by-hand")
    for token in ("", "x", theirs["registration_access_token"], "idpreg_" + "a" * 49, "\x7f"):
        for method in ("GET", "PUT", "DELETE"):
            refused = manage(method, mine, token=token)
            assert refused.status_code == 401
            assert refused["WWW-Authenticate"].startswith("Bearer")
    foreign = {**mine, "client_id": operators.client_id}
    assert manage("GET", foreign).status_code == 401
    disable_client(application_model().objects.get(client_id=mine["client_id"]), reason="spam")
    assert manage("GET", mine).status_code == 403


def test_a_token_ends_when_the_site_says_so(settings, clock):
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_REGISTRATION_TOKEN_EXPIRE_SECONDS": 60,
    }
    made = registered()
    assert manage("GET", made).status_code == 200
    clock.shift(61)
    assert manage("GET", made).status_code == 401


def test_what_was_never_used_is_swept_and_nothing_else():
    unused, used, vouched, fresh = (registered(token_endpoint_auth_method="none") for _ in range(4))
    by_hand = make_application()
    application = application_model().objects.get(client_id=used["client_id"])
    application.plain_secret = None
    Flow(application, make_user()).tokens()
    ClientPolicy.objects.filter(pk=policy_of(vouched).pk).update(verified=True)
    late = timezone.now() - timedelta(days=31)
    ClientPolicy.objects.exclude(pk=policy_of(fresh).pk).update(created_at=late)
    assert due(timezone.now())["unused registrations"] == 1
    call_command("idp", "purge", "--dry-run")
    assert application_model().objects.count() == 5
    assert dict(purge(timezone.now()))["unused registrations"] == 1
    left = set(application_model().objects.values_list("client_id", flat=True))
    assert unused["client_id"] not in left
    assert left == {used["client_id"], vouched["client_id"], fresh["client_id"], by_hand.client_id}


def test_a_client_that_the_toolkit_registered_before_goes_on_managing_itself():
    made = make_application("native", client_id="earlier")
    made.registration_source = "dcr"
    made.save()
    token = "a-token-of-the-toolkit"
    access_token_model().objects.create(
        application=made,
        token=token,
        token_checksum=hashlib.sha256(token.encode()).hexdigest(),
        scope="oauth2_provider:registration",
        expires=timezone.now() + timedelta(days=999),
    )
    earlier = {"client_id": "earlier", "registration_access_token": token}
    assert manage("GET", earlier).status_code == 200
    body = document(client_id="earlier", token_endpoint_auth_method="none")
    changed = manage("PUT", earlier, body)
    assert changed.status_code == 200, changed.content
    assert changed.json()["registration_access_token"].startswith("idpreg_")
    assert manage("GET", earlier).status_code == 401
    assert not access_token_model().objects.exists()


def test_the_desk_lists_clients_by_how_they_came(admin_client):
    name = registered(client_name="Came by itself")["client_name"]
    make_application(name="Entered by hand")
    path = reverse("admin:oauth2_provider_application_changelist")
    listed = admin_client.get(path, {"source": "registration"}).content.decode()
    assert name in listed
    assert "Entered by hand" not in listed
    others = admin_client.get(path, {"source": "operator"}).content.decode()
    assert "Entered by hand" in others


def test_a_script_of_any_origin_may_register():
    response = Browser().options(REGISTER, HTTP_ORIGIN="https://inspector.example")
    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "POST" in response["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in response
