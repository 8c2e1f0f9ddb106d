"""ID tokens: every claim as specified, for every algorithm and both kinds of subjects."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from oauth2_provider.signals import app_authorized

from idp.models import ClientPolicy, SignIn
from tests.factories import make_application, make_user
from tests.requirement import defect, requirement
from tests.views.flow import Flow, basic, bearer, location, post
from tests.views.token_reader import id_token, read_token

pytestmark = pytest.mark.django_db

HASHES = {"RS256": "sha256", "ES256": "sha256", "EdDSA": "sha512"}


def make_flow(user: Any = None, **fields: Any) -> Flow:
    application = make_application("web", scopes=("openid",), **fields)
    return Flow(application, user or make_user())


@requirement(
    "OpenID Connect Core §2",
    "iss, sub, aud, exp, iat, auth_time, nonce, amr, azp as specified.",
)
@requirement(
    "OpenID Connect Core §3.1.3.6",
    "at_hash is the left half of the digest of the algorithm.",
)
@requirement("RFC 7515 §4.1.4", "The header names its key.")
@pytest.mark.parametrize("algorithm", sorted(HASHES))
def test_an_id_token_says_what_is_specified(algorithm: str) -> None:
    flow = make_flow(id_token_signed_response_alg=algorithm)
    answer = flow.tokens(nonce="n-7", max_age="600")
    header, claims = read_token(answer["id_token"])
    sign_in = SignIn.objects.get()
    digest = hashlib.new(HASHES[algorithm], answer["access_token"].encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
    assert (header["alg"], header["typ"], bool(header["kid"])) == (algorithm, "JWT", True)
    assert claims["exp"] - claims["iat"] == 600
    expected = {
        "iss": "http://127.0.0.1:8000/o",
        "sub": str(flow.user.pk),
        "aud": flow.application.client_id,
        "azp": flow.application.client_id,
        "nonce": "n-7",
        "auth_time": int(sign_in.at.timestamp()),
        "amr": ["pwd"],
        "at_hash": half,
        "sid": str(sign_in.sid),
    }
    assert {name: claims.get(name) for name in expected} == expected
    assert "acr" not in claims


@defect(12)
@requirement(
    "OpenID Connect Core §12.2",
    "A refreshed ID token keeps iss, sub, aud and auth_time, with a new iat.",
)
def test_a_refresh_tells_the_same_sign_in_without_the_nonce(clock) -> None:
    flow = make_flow()
    first = flow.tokens()
    clock.shift(timedelta(minutes=5))
    again = id_token(flow.refresh(first["refresh_token"]).json())
    before = id_token(first)
    assert again["iat"] == before["iat"] + 300
    assert [again[name] for name in ("auth_time", "sid", "sub", "iss", "aud")] == [
        before[name] for name in ("auth_time", "sid", "sub", "iss", "aud")
    ]
    assert "nonce" not in again


def introspected(flow: Flow, token: str) -> dict[str, Any]:
    told: dict[str, Any] = post(
        "/o/introspect/", {"token": token}, **basic(flow.application)
    ).json()
    return told


def subjects(flow: Flow) -> set[str]:
    """Return every subject that a client hears of."""
    answer = flow.tokens()
    told = Browser().get("/o/userinfo/", **bearer(answer["access_token"])).json()
    return {
        told["sub"],
        id_token(answer)["sub"],
        introspected(flow, answer["access_token"])["sub"],
        introspected(flow, answer["refresh_token"])["sub"],
    }


@requirement(
    "OpenID Connect Core §8.1",
    "A pairwise subject differs by sector and cannot be turned back.",
)
def test_a_pairwise_subject_is_the_same_wherever_its_client_sees_it() -> None:
    ada = make_user()
    pairwise = {"subject_type": "pairwise"}
    flow = make_flow(ada, **pairwise)
    (mine,) = subjects(flow)
    (sibling,) = subjects(make_flow(ada, **pairwise))
    (stranger,) = subjects(
        make_flow(ada, redirect_uris="https://other.example.com/callback", **pairwise)
    )
    (public,) = subjects(make_flow(ada))
    assert mine == sibling, "one host is one sector"
    assert len({mine, stranger, public}) == 3
    (other,) = subjects(make_flow(make_user(), **pairwise))
    assert other != mine
    joined = {"sector_identifier_uri": "https://client.example.com/sector.json", **pairwise}
    uris = "https://one.example.com/callback https://two.example.com/callback"
    assert subjects(make_flow(ada, redirect_uris=uris, **joined)) == {mine}


def test_a_pairwise_subject_outlives_the_rotation_of_the_secret_key(settings) -> None:
    flow = make_flow(subject_type="pairwise")
    before = subjects(flow)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 8, [settings.SECRET_KEY]
    flow = Flow(flow.application, flow.user)
    assert subjects(flow) == before


@requirement("OpenID Connect Core §8", "Pairwise subjects are understood in hints.")
def test_a_hint_is_understood_with_a_pairwise_subject() -> None:
    flow = make_flow(subject_type="pairwise")
    hint = flow.tokens()["id_token"]
    assert "code" in location(flow.start(id_token_hint=hint, prompt="none"))
    stranger = Flow(flow.application, make_user())
    answer = location(stranger.start(id_token_hint=hint, prompt="none"))
    assert answer["error"] == "login_required"


def test_a_hint_of_another_sector_names_nobody_here() -> None:
    ada = make_user()
    other = make_flow(
        ada, redirect_uris="https://other.example.com/callback", subject_type="pairwise"
    )
    flow = make_flow(ada, subject_type="pairwise")
    answer = location(flow.start(id_token_hint=other.tokens()["id_token"], prompt="none"))
    assert answer["error"] == "login_required"


@requirement("OpenID Connect Core §3.1.2.1", "A hint is an ID token, and nothing else we sign.")
@pytest.mark.parametrize("kind", ["userinfo", "access_token"])
def test_a_hint_is_nothing_else_that_is_signed(kind: str) -> None:
    flow = make_flow(userinfo_signed_response_alg="RS256", access_token_format="jwt")
    token = flow.tokens()["access_token"]
    userinfo = Browser().get("/o/userinfo/", **bearer(token)).content.decode()
    hint = {"userinfo": userinfo, "access_token": token}[kind]
    assert read_token(hint)[1]["sub"] == str(flow.user.pk)
    answer = location(flow.start(id_token_hint=hint, prompt="none"))
    assert answer["error"] == "invalid_request"
    assert Browser().get("/o/logout/", {"id_token_hint": hint}).status_code == 400


def test_whoever_listens_to_the_toolkit_hears_of_each_token() -> None:
    flow, heard = make_flow(), []

    def listen(sender: Any, request: Any, token: Any, **_kwargs: Any) -> None:
        heard.append((token.application_id, token.user_id, request.path))

    def fail(**_kwargs: Any) -> None:
        raise RuntimeError("a receiver of the site's own")

    app_authorized.connect(listen)
    app_authorized.connect(fail)
    try:
        answer = flow.tokens()
        flow.refresh(answer["refresh_token"])
        assert flow.exchange("nonsense").status_code == 400
    finally:
        app_authorized.disconnect(listen)
        app_authorized.disconnect(fail)
    assert heard == [(flow.application.pk, flow.user.pk, "/o/token/")] * 2


@requirement("OpenID Connect Discovery §3", "Subject types and signatures are told.")
def test_the_metadata_names_what_clients_can_choose() -> None:
    found = Browser().get("/o/.well-known/openid-configuration").json()
    assert found["subject_types_supported"] == ["public", "pairwise"]
    assert set(found["id_token_signing_alg_values_supported"]) == set(HASHES)
    assert set(found["userinfo_signing_alg_values_supported"]) == set(HASHES)
    assert {choice.value for choice in ClientPolicy.SubjectType} == {"", "pairwise"}
