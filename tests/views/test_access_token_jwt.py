"""Access tokens as JWT (RFC 9068): read by an API itself, and still ended by us at once."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from authlib.oauth2.rfc6750.errors import InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from django.test import Client as Browser
from django.utils import timezone
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from idp.conf import access_token_model
from idp.dot.hint import read_hint
from idp.dot.id_token import sign
from idp.models import Api, ClientPolicy
from idp.services.catalogue import bump_catalogue
from tests.factories import API, make_api, make_application, make_scope, make_user
from tests.requirement import defect, requirement
from tests.views.flow import Flow, basic, bearer, location, post

pytestmark = pytest.mark.django_db

ISSUER = "http://127.0.0.1:8000/o"
SCOPE = "openid account:read photos:read"
OTHER = "https://api.example.com/other"


@pytest.fixture
def flow() -> Flow:
    make_scope("account:read", api=make_api(OTHER, "Other"))
    make_scope("photos:read")
    scopes = ("openid", "account:read", "photos:read")
    application = make_application("web", scopes=scopes, access_token_format="jwt")
    return Flow(application, make_user("ada"))


def published() -> KeySet:
    return KeySet.import_key_set(Browser().get("/o/.well-known/jwks.json").json())


def read(token: str) -> Any:
    """Verify a token by the published keys, as anybody can; return header and claims."""
    return jwt.decode(token, published(), algorithms=["RS256"])


def introspected(application: Any, token: str) -> dict[str, Any]:
    answer = post("/o/introspect/", {"token": token}, **basic(application))
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


class Photos(JWTBearerTokenValidator):
    """A foreign API that knows nothing of us but the published keys."""

    def get_jwks(self) -> Any:
        return published()


def accepted(token: str, audience: str = API, scope: str = "photos:read") -> Any:
    api = Photos(issuer=ISSUER, resource_server=audience)
    claims = api.authenticate_token(token)
    api.validate_token(claims, [scope], request=None)
    return claims


@requirement("RFC 9068 §2.1", "The type is at+jwt, the signature RS256 by default.")
@requirement("RFC 9068 §2.2", "iss, exp, aud, sub, client_id, iat and jti are there.")
def test_it_says_what_rfc_9068_asks_for(flow: Flow) -> None:
    token = read(flow.tokens(SCOPE)["access_token"])
    assert (token.header["typ"], token.header["alg"]) == ("at+jwt", "RS256")
    claims = token.claims
    row = access_token_model().objects.get()
    assert (claims["iss"], claims["client_id"]) == (ISSUER, flow.application.client_id)
    assert claims["sub"] == str(flow.user.pk)
    assert claims["aud"] == [OTHER, API]
    assert set(claims["scope"].split()) == set(SCOPE.split())
    assert claims["exp"] == int(row.expires.timestamp())
    assert claims["exp"] - claims["iat"] == 600
    assert len(claims["jti"]) == 32
    assert claims["auth_time"] <= claims["iat"]


@requirement("RFC 9068 §4", "A resource server can judge it by the published keys.")
def test_a_foreign_api_accepts_it_by_the_published_keys(flow: Flow) -> None:
    tokens = flow.tokens("openid photos:read")
    assert accepted(tokens["access_token"])["sub"] == str(flow.user.pk)
    with pytest.raises(InvalidTokenError):
        accepted(tokens["access_token"], audience=OTHER)
    with pytest.raises(InvalidTokenError):
        accepted(tokens["id_token"])


def test_a_foreign_api_refuses_an_expired_one(flow: Flow, clock: Any) -> None:
    token = flow.tokens("photos:read")["access_token"]
    clock.shift(601)
    with pytest.raises(InvalidTokenError):
        accepted(token)


@requirement("RFC 7009 §3", "A revoked JWT ends at once where its state is asked for.")
def test_it_opens_our_api_and_userinfo_until_it_is_revoked(flow: Flow) -> None:
    token = flow.tokens(SCOPE)["access_token"]
    places = ("/api/user-profile/", "/o/userinfo/")
    assert [Browser().get(path, **bearer(token)).status_code for path in places] == [200, 200]
    assert introspected(flow.application, token)["active"]
    post("/o/revoke_token/", {"token": token}, **basic(flow.application))
    assert [Browser().get(path, **bearer(token)).status_code for path in places] == [401, 401]
    assert introspected(flow.application, token) == {"active": False}


def test_introspection_says_the_same(flow: Flow) -> None:
    token = flow.tokens(SCOPE)["access_token"]
    claims, answer = read(token).claims, introspected(flow.application, token)
    assert set(answer.pop("scope").split()) == set(claims.pop("scope").split())
    assert {name: answer[name] for name in claims if name != "amr"} == {
        name: value for name, value in claims.items() if name != "amr"
    }


def test_a_refresh_keeps_the_form(flow: Flow) -> None:
    first = flow.tokens(SCOPE)
    second = flow.refresh(first["refresh_token"]).json()
    assert read(second["access_token"]).claims["jti"] != read(first["access_token"]).claims["jti"]
    assert Browser().get("/o/userinfo/", **bearer(first["access_token"])).status_code == 401
    assert flow.refresh(first["refresh_token"]).json() == second


def test_opaque_remains_the_default(flow: Flow) -> None:
    ClientPolicy.objects.update(access_token_format="")
    assert flow.tokens(SCOPE)["access_token"].startswith("idpa_")


@pytest.mark.parametrize(
    ("choice", "scope", "expected"),
    [
        ("", "openid photos:read", True),
        ("", "openid account:read", False),
        ("", "account:read photos:read", True),
        ("opaque", "photos:read", False),
        ("jwt", "openid", True),
    ],
)
def test_an_api_may_want_it_where_the_client_says_nothing(
    flow: Flow, choice: str, scope: str, *, expected: bool
) -> None:
    ClientPolicy.objects.update(access_token_format=choice)
    Api.objects.filter(identifier=API).update(access_token_format="jwt")
    bump_catalogue()
    assert (flow.tokens(scope)["access_token"].count(".") == 2) is expected


@requirement("RFC 9068 §3", "aud follows resource.")
def test_it_is_for_the_resources_that_were_asked_for(flow: Flow) -> None:
    code = flow.code("account:read photos:read", resource=[API, OTHER])
    first = flow.exchange(code).json()
    assert read(first["access_token"]).claims["aud"] == [API, OTHER]
    second = flow.refresh(first["refresh_token"], resource=API).json()
    assert read(second["access_token"]).claims["aud"] == API
    assert introspected(flow.application, second["access_token"])["aud"] == API
    refused = flow.refresh(second["refresh_token"], resource="https://elsewhere.example/")
    assert refused.json()["error"] == "invalid_target"


def test_for_the_provider_alone_it_is_for_the_issuer(flow: Flow) -> None:
    assert read(flow.tokens("openid")["access_token"]).claims["aud"] == ISSUER


@requirement("RFC 9068 §2.2", "Without a user, sub is the client.")
def test_a_client_in_its_own_name_is_its_own_subject() -> None:
    make_scope("reports:read")
    service = Flow(make_application("service", scopes=("reports:read",), access_token_format="jwt"))
    ask = {"grant_type": "client_credentials", "scope": "reports:read"}
    service.token(**ask)
    token = service.token(**ask, resource=API).json()["access_token"]
    claims = read(token).claims
    assert claims["sub"] == claims["client_id"] == service.application.client_id
    assert claims["aud"] == API
    assert not {"auth_time", "acr", "amr"} & set(claims)
    anywhere = service.token(**ask).json()["access_token"]
    assert Browser().get("/api/reports/", **bearer(anywhere)).status_code == 200
    unknown = service.token(**ask, resource="https://elsewhere.example/")
    assert unknown.json()["error"] == "invalid_target"


def test_a_pairwise_client_sees_its_own_subject(flow: Flow) -> None:
    ClientPolicy.objects.update(subject_type="pairwise")
    tokens = flow.tokens("openid photos:read")
    claims = read(tokens["access_token"]).claims
    assert claims["sub"] == introspected(flow.application, tokens["access_token"])["sub"]
    assert claims["sub"] != str(flow.user.pk)


@defect(8)
@requirement("RFC 9068 §4", "Another type of JWT is refused.")
def test_other_tokens_of_ours_are_no_access_tokens(flow: Flow) -> None:
    tokens = flow.tokens(SCOPE)
    claims = dict(read(tokens["access_token"]).claims)
    forged = {
        "id_token": tokens["id_token"],
        "never issued": sign({**claims, "jti": "x"}, "RS256", "at+jwt"),
        "logout": sign(claims, "RS256", "logout+jwt"),
        "cut": tokens["access_token"][:-4],
    }
    for name, token in forged.items():
        assert Browser().get("/o/userinfo/", **bearer(token)).status_code == 401, name
        assert Browser().get("/api/user-profile/", **bearer(token)).status_code == 401, name
        assert introspected(flow.application, token) == {"active": False}, name


def test_it_is_no_hint_at_anybody(flow: Flow) -> None:
    tokens = flow.tokens(SCOPE)
    assert read_hint(tokens["id_token"], ISSUER) is not None
    assert read_hint(tokens["access_token"], ISSUER) is None
    refused = location(flow.start(SCOPE, id_token_hint=tokens["access_token"]))
    assert refused["error"] == "invalid_request"


def test_no_alteration_of_it_survives(flow: Flow) -> None:
    header, payload, signature = flow.tokens("photos:read")["access_token"].split(".")
    body = json.loads(base64.urlsafe_b64decode(payload + "=="))
    body["scope"] = "photos:write"
    changed = base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")
    with pytest.raises(BadSignatureError):
        read(f"{header}.{changed}.{signature}")


def test_what_is_stored_of_it_is_a_digest(flow: Flow) -> None:
    token = flow.tokens("photos:read")["access_token"]
    row = access_token_model().objects.get()
    assert row.token == ""
    assert row.token_checksum
    assert row.expires > timezone.now() + timedelta(seconds=500)
    assert token not in str(vars(row))
