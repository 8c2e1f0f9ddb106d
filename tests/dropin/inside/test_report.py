"""What a running site finds the day after ``idp`` came: everything goes on, and is reported."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client as Browser
from django.test import override_settings
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.conf import application_model, refresh_token_model
from idp.models import Authorization, ClientPolicy, IssuedToken, SecurityEvent, SiteState
from tests.dropin.hosts import flow
from tests.dropin.hosts.populate import PASSWORD

APIS = ["/api/decorated/", "/api/theirs/", "/api/ours/"]
JUDGED_APIS = ["/api/decorated/judged/", "/api/theirs/", "/api/ours/"]
"""Those behind our rules; the toolkit's decorator has a validator of its own unless it is told."""

CODE_CLIENTS = ["web", "plain", "trusted", "spa"]


def having(**changes: Any) -> dict[str, Any]:
    """Return the site's ``OAUTH2_PROVIDER`` with changes."""
    return {**settings.OAUTH2_PROVIDER, **changes}


def test_the_site_reports_by_itself_and_says_so() -> None:
    assert SiteState.objects.get().mode == "report"


def test_every_client_has_a_policy() -> None:
    assert ClientPolicy.objects.count() == application_model()._default_manager.count() == 7


@pytest.mark.parametrize("path", APIS)
@pytest.mark.parametrize("name", [*CODE_CLIENTS, "implicit", "password"])
def test_an_old_access_token_opens_the_api(path: str, name: str, tokens: Any) -> None:
    answer = Browser().get(path, **flow.bearer(tokens[name]["access_token"]))
    assert (answer.status_code, answer.json()) == (200, {"owner": "ada"})


def test_an_old_access_token_of_a_service_opens_the_api(tokens: Any) -> None:
    # The decorated view asks for an owner, whom such a token has not.
    token = flow.bearer(tokens["service"]["access_token"])
    assert Browser().get("/api/ours/", **token).status_code == 200


@pytest.mark.parametrize("path", APIS)
def test_an_unknown_access_token_opens_nothing(path: str) -> None:
    assert Browser().get(path, **flow.bearer("unknown")).status_code in {401, 403}


@pytest.mark.parametrize("name", CODE_CLIENTS)
def test_an_old_refresh_token_is_refreshed_and_its_family_recorded(
    name: str, clients: Any, tokens: Any
) -> None:
    answer = flow.refresh(clients[name], tokens[name]["refresh_token"])
    assert answer.status_code == 200, answer.content
    assert set(answer.json()["scope"].split()) == set(tokens[name]["scope"].split())
    authorization = Authorization.objects.get()
    assert authorization.user.get_username() == "ada"
    assert {row.kind for row in authorization.tokens.all()} == {"access", "refresh"}
    newest = refresh_token_model()._default_manager.get(
        token_checksum=IssuedToken.objects.get(kind="refresh").checksum
    )
    assert newest.token_family == authorization.pk


def test_a_recorded_family_goes_on_and_its_old_token_is_spent(clients: Any, tokens: Any) -> None:
    old = tokens["web"]["refresh_token"]
    first = flow.refresh(clients["web"], old).json()
    second = flow.refresh(clients["web"], first["refresh_token"])
    assert second.status_code == 200, second.content
    assert Authorization.objects.count() == 1
    again = flow.refresh(clients["web"], old)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_an_old_refresh_token_can_ask_for_less_and_never_for_more(
    clients: Any, tokens: Any
) -> None:
    token = tokens["web"]["refresh_token"]
    more = flow.refresh(clients["web"], token, scope="read notes:archive")
    assert more.json()["error"] == "invalid_scope"
    less = flow.refresh(clients["web"], token, scope="read")
    assert less.json()["scope"] == "read"


def test_the_pending_code_is_redeemed_once(facts: Any, clients: Any, browser: Browser) -> None:
    answer = flow.exchange(clients["web"], facts["code"])
    assert answer.status_code == 200, answer.content
    claims = jwt.decode(
        answer.json()["id_token"], KeySet.import_key_set(facts["jwks"]), algorithms=["RS256"]
    ).claims
    assert (claims["nonce"], claims["iss"]) == ("n-9", facts["issuer"])
    opened = Browser().get("/api/ours/", **flow.bearer(answer.json()["access_token"]))
    assert opened.status_code == 200
    again = flow.exchange(clients["web"], facts["code"])
    assert again.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("name", ["web", "plain", "service"])
def test_an_old_secret_authenticates_and_another_does_not(name: str, clients: Any) -> None:
    fields = {"token": "unknown"}
    right = flow.post("/o/introspect/", fields, **flow.basic(clients[name]))
    assert (right.status_code, right.json()) == (200, {"active": False})
    wrong = flow.post("/o/introspect/", fields, **flow.basic({**clients[name], "secret": "no"}))
    assert wrong.status_code == 401


def test_a_service_gets_tokens_as_before(clients: Any) -> None:
    fields = {"grant_type": "client_credentials", "scope": "read"}
    answer = flow.post("/o/token/", fields, **flow.basic(clients["service"]))
    assert (answer.status_code, answer.json()["scope"]) == (200, "read")
    assert answer.json()["expires_in"] == 7200


def test_a_request_without_scope_gets_the_defaults_of_the_site(clients: Any) -> None:
    answer = flow.post(
        "/o/token/", {"grant_type": "client_credentials"}, **flow.basic(clients["service"])
    )
    assert (answer.status_code, answer.json().get("scope")) == (200, "read")


def test_the_password_grant_is_still_served(clients: Any) -> None:
    person = {"grant_type": "password", "username": "ada", "password": PASSWORD}
    answer = flow.post("/o/token/", person, **flow.basic(clients["password"]))
    assert answer.status_code == 200, answer.content
    assert answer.json()["scope"] == "read"
    wrong = flow.post("/o/token/", {**person, "password": "no"}, **flow.basic(clients["password"]))
    assert wrong.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("name", ["web", "plain", "spa"])
@pytest.mark.parametrize("scope", ["read write openid", "notes:archive", None])
def test_a_client_gets_new_tokens_for_the_scopes_of_the_site(
    name: str, scope: str | None, clients: Any, browser: Browser
) -> None:
    url = flow.request_url(clients[name], scope=scope)
    answer = flow.parameters(flow.allow(browser, browser.get(url), url))
    assert answer["state"] == "s-1"
    got = flow.exchange(clients[name], answer["code"])
    assert got.status_code == 200, got.content
    assert set(got.json()["scope"].split()) == set((scope or "read").split())
    assert got.json()["expires_in"] == 7200
    assert SecurityEvent.objects.filter(kind="protocol.would_refuse").exists()


def test_pkce_is_verified_where_a_client_uses_it(clients: Any, browser: Browser) -> None:
    url = flow.request_url(clients["spa"], pkce=True)
    code = flow.parameters(flow.allow(browser, browser.get(url), url))["code"]
    without = flow.exchange(clients["spa"], code)
    assert without.status_code == 400


def test_a_scope_that_nobody_knows_is_refused_as_before(clients: Any, browser: Browser) -> None:
    asked = browser.get(flow.request_url(clients["web"], scope="read nonsense"))
    assert flow.parameters(asked)["error"] == "invalid_scope"
    fields = {"grant_type": "client_credentials", "scope": "read nonsense"}
    answer = flow.post("/o/token/", fields, **flow.basic(clients["service"]))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_the_consent_page_speaks_in_the_words_of_the_site(clients: Any, browser: Browser) -> None:
    page = browser.get(flow.request_url(clients["web"], scope="read notes:archive"))
    text = page.content.decode()
    assert "Read your notes" in text
    assert "Move notes to the archive" in text


def test_a_client_that_skips_authorization_still_asks_nobody(
    clients: Any, browser: Browser
) -> None:
    asked = browser.get(flow.request_url(clients["trusted"]))
    code = flow.parameters(asked)["code"]
    assert flow.exchange(clients["trusted"], code).status_code == 200
    assert SecurityEvent.objects.filter(kind="consent.would_ask").exists()


def test_a_site_that_asked_nobody_twice_still_does_not(
    clients: Any, ada: Any, browser: Browser
) -> None:
    url = flow.request_url(clients["web"], scope="read write")
    assert browser.get(url).status_code == 200
    with override_settings(OAUTH2_PROVIDER=having(REQUEST_APPROVAL_PROMPT="auto")):
        assert "code" in flow.parameters(browser.get(url))
        more = flow.request_url(clients["web"], scope="read notes:archive")
        assert browser.get(more).status_code == 200


def test_a_site_that_required_pkce_still_does(clients: Any, browser: Browser) -> None:
    with override_settings(OAUTH2_PROVIDER=having(PKCE_REQUIRED=True)):
        refused = flow.parameters(browser.get(flow.request_url(clients["web"])))
        assert refused["error"] == "invalid_request"
        assert browser.get(flow.request_url(clients["web"], pkce=True)).status_code == 200


def test_a_plain_code_challenge_is_verified_as_before(clients: Any, browser: Browser) -> None:
    url = flow.request_url(clients["spa"], code_challenge=flow.VERIFIER)
    code = flow.parameters(flow.allow(browser, browser.get(url), url))["code"]
    assert flow.exchange(clients["spa"], code, pkce=True).status_code == 200


def test_the_hybrid_client_is_still_served_and_recorded(clients: Any, browser: Browser) -> None:
    rows = application_model()._default_manager.filter(client_id=clients["web"]["client_id"])
    rows.update(authorization_grant_type="openid-hybrid")
    url = flow.request_url(
        clients["web"], response_type="code id_token", scope="openid read", nonce="n-3"
    )
    answer = flow.parameters(flow.allow(browser, browser.get(url), url))
    keys = KeySet.import_key_set(Browser().get("/o/.well-known/jwks.json").json())
    assert jwt.decode(answer["id_token"], keys, algorithms=["RS256"]).claims["nonce"] == "n-3"
    got = flow.exchange(clients["web"], answer["code"])
    assert got.status_code == 200, got.content
    assert Authorization.objects.get().consent is not None


def test_the_implicit_client_is_still_served(clients: Any, browser: Browser) -> None:
    url = flow.request_url(clients["implicit"], response_type="token", scope="read")
    token = flow.parameters(flow.allow(browser, browser.get(url), url))["access_token"]
    for path in APIS:
        assert Browser().get(path, **flow.bearer(token)).status_code == 200
    assert SecurityEvent.objects.filter(kind="protocol.would_refuse").exists()


def test_the_page_of_the_implicit_client_takes_no_forged_decision(clients: Any, ada: Any) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(ada)
    url = flow.request_url(clients["implicit"], response_type="token", scope="read")
    fields = {
        "client_id": clients["implicit"]["client_id"],
        "redirect_uri": flow.CALLBACK,
        "response_type": "token",
        "scope": "read",
        "state": "s-1",
        "allow": "Authorize",
    }
    assert flow.submit(browser, url, fields).status_code == 403
    assert browser.get(url).status_code == 200


def test_issuer_and_keys_are_what_they_were(facts: Any) -> None:
    told = Browser().get("/o/.well-known/openid-configuration").json()
    assert told["issuer"] == facts["issuer"]
    assert {"openid", "read", "write", "notes:archive"} <= set(told["scopes_supported"])
    keys = Browser().get("/o/.well-known/jwks.json").json()["keys"]
    old = facts["jwks"]["keys"][0]
    same = next(key for key in keys if key["kid"] == old["kid"])
    assert {name: same[name] for name in ("kty", "n", "e", "alg")} == {
        name: old[name] for name in ("kty", "n", "e", "alg")
    }


def test_an_old_id_token_is_verified_by_the_published_keys(facts: Any, tokens: Any) -> None:
    keys = KeySet.import_key_set(Browser().get("/o/.well-known/jwks.json").json())
    token = jwt.decode(tokens["web"]["id_token"], keys, algorithms=["RS256"])
    assert token.claims["iss"] == facts["issuer"]


def test_an_old_id_token_is_taken_as_a_hint(clients: Any, tokens: Any, browser: Browser) -> None:
    hint = tokens["web"]["id_token"]
    url = flow.request_url(clients["web"], id_token_hint=hint, scope="openid read")
    assert browser.get(url).status_code == 200


def test_an_old_access_token_reads_userinfo(ada: Any, tokens: Any) -> None:
    told = Browser().get("/o/userinfo/", **flow.bearer(tokens["web"]["access_token"]))
    assert (told.status_code, told.json()["sub"]) == (200, str(ada.pk))


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_client_can_revoke_an_old_token(kind: str, clients: Any, tokens: Any) -> None:
    held = tokens["web"]
    answer = flow.post("/o/revoke_token/", {"token": held[kind]}, **flow.basic(clients["web"]))
    assert answer.status_code == 200
    assert flow.refresh(clients["web"], held["refresh_token"]).status_code == 400
    assert Browser().get("/api/ours/", **flow.bearer(held["access_token"])).status_code == 401


def test_introspection_tells_a_client_of_its_old_tokens(clients: Any, tokens: Any) -> None:
    fields = {"token": tokens["web"]["access_token"]}
    told = flow.post("/o/introspect/", fields, **flow.basic(clients["web"])).json()
    assert (told["active"], told["username"]) == (True, "ada")
    assert set(told["scope"].split()) == {"read", "write", "openid"}


def test_an_inactive_user_loses_what_old_tokens_gave(ada: Any, clients: Any, tokens: Any) -> None:
    type(ada)._default_manager.filter(pk=ada.pk).update(is_active=False)
    for path in JUDGED_APIS:
        opened = Browser().get(path, **flow.bearer(tokens["web"]["access_token"]))
        assert opened.status_code in {401, 403}
    assert flow.refresh(clients["web"], tokens["web"]["refresh_token"]).status_code == 400


def test_the_clean_up_of_the_toolkit_harms_nothing(clients: Any, tokens: Any) -> None:
    flow.refresh(clients["web"], tokens["web"]["refresh_token"])
    call_command("cleartokens", verbosity=0)
    assert Authorization.objects.count() == 1
    assert flow.refresh(clients["spa"], tokens["spa"]["refresh_token"]).status_code == 200


def test_connected_apps_list_what_was_allowed_before(browser: Browser) -> None:
    page = browser.get("/account/apps/")
    assert page.status_code == 200
    for name in ("Web", "Plain", "Trusted", "Spa"):
        assert name in page.content.decode()


def test_the_desk_of_the_operator_opens(operator: Browser) -> None:
    application = application_model()._meta
    for path in (
        "/admin/",
        f"/admin/{application.app_label}/{application.model_name}/",
        "/admin/oauth2_provider/accesstoken/",
        "/admin/oauth2_provider/refreshtoken/",
        "/admin/oauth2_provider/grant/",
        "/admin/oauth2_provider/idtoken/",
    ):
        assert operator.get(path).status_code == 200, path


def test_a_client_that_has_tokens_can_be_deleted(
    operator: Browser, clients: Any, tokens: Any
) -> None:
    flow.refresh(clients["web"], tokens["web"]["refresh_token"])
    rows = application_model()._default_manager.filter(client_id=clients["web"]["client_id"])
    _delete(operator, rows.get())
    assert not rows.exists()
    opened = Browser().get("/api/ours/", **flow.bearer(tokens["web"]["access_token"]))
    assert opened.status_code == 401


def test_a_user_who_has_tokens_can_be_deleted(
    operator: Browser, ada: Any, clients: Any, tokens: Any, browser: Browser
) -> None:
    url = flow.request_url(clients["web"])
    flow.allow(browser, browser.get(url), url)
    application_model()._default_manager.update(user=None)
    _delete(operator, ada)
    assert not type(ada)._default_manager.filter(pk=ada.pk).exists()


def _delete(operator: Browser, row: Any) -> None:
    meta = row._meta
    path = f"/admin/{meta.app_label}/{meta.model_name}/{row.pk}/delete/"
    page = operator.get(path, follow=True)
    assert page.status_code == 200
    fields = {**flow.hidden_fields(page.content.decode()), "post": "yes", "reason": "left"}
    assert operator.post(page.request["PATH_INFO"], fields).status_code == 302


@pytest.fixture
def operator(ada: Any) -> Browser:
    browser = Browser()
    browser.force_login(type(ada)._default_manager.get_by_natural_key("root"))
    return browser
