"""The authorization code flow from the first request to the last token."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.models import Authorization, ConsentEvent, IssuedToken, SecurityEvent
from tests.factories import make_application, make_scope, make_user
from tests.requirement import defect, requirement
from tests.views.flow import Flow, basic, bearer, location, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow() -> Flow:
    make_scope("photos:read", title="See your photos")
    make_scope("photos:write", implies=("photos:read",), title="Change your photos")
    application = make_application(
        "web", scopes=("openid", "photos:read"), optional=("photos:write",)
    )
    return Flow(application, make_user("ada", first_name="Ada", email="ada@example.com"))


@requirement("RFC 6749 §5.1", "The answer holds token, type, lifetime and the granted scope.")
@requirement("RFC 6749 §4.1.4", "A code gives an access token and a refresh token.")
def test_a_user_allows_and_the_client_gets_tokens(flow: Flow) -> None:
    answer = flow.tokens("openid photos:read")
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 600
    assert answer["scope"] == "openid photos:read"
    assert answer["refresh_token"].startswith("idpr_")
    assert ConsentEvent.objects.get().kind == "granted"


@requirement(
    "OpenID Connect Core §3.1.3.3",
    "The token answer of an OpenID request holds an ID token.",
)
@requirement("OpenID Connect Core §10.1", "ID tokens are signed with a published key.")
def test_the_id_token_is_signed_by_a_published_key_and_says_what_is_known(flow: Flow) -> None:
    answer = flow.tokens("openid", nonce="n-7")
    keys = KeySet.import_key_set(Browser().get("/o/.well-known/jwks.json").json())
    claims = jwt.decode(answer["id_token"], keys, algorithms=["RS256"]).claims
    assert claims["iss"] == "http://127.0.0.1:8000/o"
    assert claims["aud"] == flow.application.client_id
    assert claims["sub"] == str(flow.user.pk)
    assert claims["nonce"] == "n-7"
    assert {"exp", "iat", "auth_time", "at_hash", "sid", "azp"} <= set(claims)


@requirement("RFC 9207 §2", "A refusal names the issuer.")
@requirement("RFC 6749 §4.1.2.1", "A person who refuses is access_denied.")
def test_cancel_returns_access_denied_with_state_and_issuer(flow: Flow) -> None:
    answer = location(flow.decide(flow.start(), "deny"))
    assert answer["error"] == "access_denied"
    assert answer["state"] == "st-1"
    assert answer["iss"] == "http://127.0.0.1:8000/o"
    assert not Authorization.objects.exists()


def test_a_remembered_consent_answers_without_a_page(flow: Flow) -> None:
    flow.code("openid")
    assert "code" in location(flow.start("openid"))


def test_somebody_who_is_not_signed_in_is_sent_to_sign_in_and_back(flow: Flow) -> None:
    flow.browser.logout()
    response = flow.start()
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/?next=%2Fo%2Fauthorize%2F")


@defect(4)
@requirement("RFC 6749 §4.1.2", "A code works once; its second use takes back what the first gave.")
@requirement("RFC 6749 §10.5", "A replayed code revokes the tokens that it gave.")
def test_a_code_works_once_and_its_replay_ends_what_it_gave(flow: Flow) -> None:
    code = flow.code()
    first = flow.exchange(code).json()
    again = flow.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    gone = Browser().get("/o/userinfo/", **bearer(first["access_token"]))
    assert gone.status_code == 401
    assert flow.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    event = SecurityEvent.objects.get(kind="token.replayed")
    assert event.address == "127.0.0.1"


@defect(14)
@requirement("RFC 9700 §4.14.2", "Refresh tokens rotate.")
def test_a_refresh_rotates_and_a_retry_gets_the_same_answer(flow: Flow) -> None:
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"])
    assert second.status_code == 200, second.content
    assert second.json()["refresh_token"] != first["refresh_token"]
    retry = flow.refresh(first["refresh_token"])
    assert retry.json() == second.json()
    assert flow.refresh(second.json()["refresh_token"]).status_code == 200


@requirement("RFC 9700 §4.14.2", "A replayed refresh token ends its family.")
@requirement("RFC 6749 §10.4", "The reuse of a refresh token is noticed.")
def test_a_late_replay_of_a_refresh_token_ends_the_family(flow: Flow, clock) -> None:
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).json()
    clock.shift(60)
    replay = flow.refresh(first["refresh_token"])
    assert (replay.status_code, replay.json()["error"]) == (400, "invalid_grant")
    assert flow.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert Authorization.objects.get().ended_reason == "refresh_token_replayed"
    assert SecurityEvent.objects.get(kind="token.replayed").address == "127.0.0.1"


@requirement("RFC 9700 §4.14.2", "A token whose successor was used is a replay at once.")
def test_a_replay_is_no_retry_once_the_successor_was_used(flow: Flow) -> None:
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).json()
    third = flow.refresh(second["refresh_token"]).json()
    assert flow.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert flow.refresh(third["refresh_token"]).json()["error"] == "invalid_grant"


@defect(11)
@requirement(
    "RFC 6749 §6",
    "A refresh may narrow the scope; the next one has all that was granted.",
)
def test_a_narrower_refresh_is_not_permanent(flow: Flow) -> None:
    first = flow.tokens("openid photos:read")
    narrow = flow.refresh(first["refresh_token"], scope="photos:read").json()
    assert narrow["scope"] == "photos:read"
    wide = flow.refresh(narrow["refresh_token"]).json()
    assert wide["scope"] == "openid photos:read"


@requirement("RFC 6749 §6", "A refresh never exceeds what was granted.")
def test_a_refresh_cannot_widen(flow: Flow) -> None:
    first = flow.tokens("openid")
    response = flow.refresh(first["refresh_token"], scope="openid photos:read")
    assert response.json()["error"] == "invalid_scope"


@defect(20)
@requirement(
    "RFC 6749 §5.2",
    "A wrong code, verifier or redirect URI is invalid_grant; a missing parameter invalid_request.",
)
@requirement("RFC 6749 §4.1.3", "The code is bound to its redirect URI.")
@requirement("RFC 7636 §4.6", "The verifier is compared with the challenge.")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"redirect_uri": "https://client.example.com/other"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"code": "nonsense"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
    ],
)
def test_a_wrong_exchange_gets_the_specified_error(flow: Flow, change, error) -> None:
    code = flow.code()
    values = {"code": code, **change}
    response = flow.exchange(values.pop("code"), **values)
    assert (response.status_code, response.json()["error"]) == (400, error)
    assert response["Cache-Control"] == "no-store"
    assert not IssuedToken.objects.exists()


@defect(20)
@requirement(
    "RFC 6749 §5.2",
    "Failed authentication is 401 with a challenge for the scheme that was used.",
)
def test_a_wrong_secret_is_challenged_for_basic(flow: Flow) -> None:
    response = post(
        "/o/token/",
        {"grant_type": "client_credentials"},
        **basic(flow.application, "wrong"),
    )
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Basic ")
    assert response.json()["error"] == "invalid_client"


@requirement("RFC 6749 §4.4.3", "Client credentials give no refresh token.")
def test_a_service_gets_a_token_in_its_own_name() -> None:
    make_scope("reports:read")
    service = make_application("service", scopes=("reports:read",))
    answer = Flow(service).token(grant_type="client_credentials", scope="reports:read")
    assert answer.status_code == 200, answer.content
    assert "refresh_token" not in answer.json()
    assert answer.json()["scope"] == "reports:read"


@requirement("RFC 8252 §8.5", "Public clients have no secret.")
@requirement("RFC 7636 §4.5", "A public client redeems its code with the verifier.")
def test_a_public_client_proves_itself_by_pkce_alone() -> None:
    spa = make_application("spa", scopes=("openid",))
    answer = Flow(spa, make_user()).tokens()
    assert "id_token" in answer


@requirement("RFC 9700 §2.4", "The password grant is not offered.")
@requirement("RFC 6749 §5.2", "Another grant is unsupported_grant_type.")
@pytest.mark.parametrize("grant_type", ["password", "implicit", "nonsense"])
def test_other_grants_are_not_offered(flow: Flow, grant_type) -> None:
    response = flow.token(grant_type=grant_type, username="ada", password="x")
    assert response.json()["error"] == "unsupported_grant_type"


@requirement("RFC 7009 §2.1", "Revoking a token ends those of the same grant.")
def test_revocation_ends_the_whole_family(flow: Flow) -> None:
    answer = flow.tokens()
    response = post(
        "/o/revoke_token/", {"token": answer["access_token"]}, **basic(flow.application)
    )
    assert response.status_code == 200
    assert flow.refresh(answer["refresh_token"]).json()["error"] == "invalid_grant"


@defect(10)
def test_introspection_tells_a_client_about_its_own_tokens_only(flow: Flow) -> None:
    answer = flow.tokens("openid")
    mine = post("/o/introspect/", {"token": answer["access_token"]}, **basic(flow.application))
    assert mine.json()["active"] is True
    assert mine.json()["username"] == "ada"
    other = make_application("web", scopes=("openid",))
    theirs = post("/o/introspect/", {"token": answer["access_token"]}, **basic(other))
    assert theirs.json() == {"active": False}


def test_userinfo_releases_claims_by_scope(flow: Flow) -> None:
    answer = flow.tokens("openid")
    told = Browser().get("/o/userinfo/", **bearer(answer["access_token"])).json()
    assert told == {"sub": str(flow.user.pk)}


def test_two_clicks_get_the_same_answer(flow: Flow) -> None:
    page = flow.start()
    first, second = flow.decide(page), flow.decide(page)
    assert location(first)["code"] == location(second)["code"]
    assert Authorization.objects.count() == 1


@requirement("RFC 9700 §4.16", "The page that asks cannot be framed.")
@requirement("RFC 9700 §4.2.4", "Neither the page nor the answer tells the next site its address.")
def test_the_page_that_asks_is_framed_kept_and_referred_to_by_nobody(flow: Flow) -> None:
    page = flow.start()
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    for response in (page, flow.decide(page)):
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["Cache-Control"] == "no-store"
