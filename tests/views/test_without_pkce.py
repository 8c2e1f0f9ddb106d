"""A relying party that cannot send PKCE, let off by an operator: its nonce stands in for it."""

from __future__ import annotations

from typing import Any

import pytest

from idp.models import ClientPolicy
from tests.factories import make_application, make_scope, make_user
from tests.requirement import requirement
from tests.views.flow import VERIFIER, Flow, basic, location, post
from tests.views.test_registration import document, registered, send
from tests.views.token_reader import id_token

pytestmark = pytest.mark.django_db

NONE = {"code_challenge": None, "code_challenge_method": None}


@pytest.fixture
def flow() -> Flow:
    make_scope("photos:read")
    scopes = ("openid", "photos:read")
    return Flow(make_application("web", scopes=scopes, nonce_instead_of_pkce=True), make_user())


def code(flow: Flow, **changes: Any) -> str:
    return flow.code("openid photos:read", **{**NONE, **changes})


def refused(flow: Flow, words: str, **changes: Any) -> None:
    answer = location(flow.start("openid photos:read", **{**NONE, **changes}))
    assert answer["error"] == "invalid_request"
    assert words in answer["error_description"]


@requirement(
    "OAuth 2.1 §7.5.1",
    "A confidential OpenID client that sends a nonce may be let off PKCE by the server.",
)
@requirement("OIDF Basic OP §oidcc-server", "A client that sends no PKCE can sign people in.")
def test_who_is_let_off_signs_somebody_in_by_its_nonce(flow: Flow) -> None:
    answer = flow.exchange(code(flow, nonce="n-7"), code_verifier=None)
    assert answer.status_code == 200, answer.content
    assert id_token(answer.json())["nonce"] == "n-7"
    again = flow.refresh(answer.json()["refresh_token"])
    assert again.status_code == 200


def test_who_is_let_off_may_push_such_a_request(flow: Flow) -> None:
    fields = flow.parameters("openid photos:read", **NONE)
    pushed = post("/o/par/", fields, **basic(flow.application))
    assert pushed.status_code == 201, pushed.content
    bare = {name: value for name, value in fields.items() if name != "nonce"}
    assert post("/o/par/", bare, **basic(flow.application)).json()["error"] == "invalid_request"


@requirement("OAuth 2.1 §7.5.1", "Without nonce or openid, PKCE is required as ever.")
@pytest.mark.parametrize("changes", [{"nonce": None}, {"nonce": ""}, {"scope": "photos:read"}])
def test_without_a_nonce_or_openid_it_is_refused(flow: Flow, changes: dict[str, Any]) -> None:
    answer = location(flow.start(**{"scope": "openid", **NONE, **changes}))
    assert answer["error"] == "invalid_request"
    assert "'nonce'" in answer["error_description"]


@requirement("RFC 9700 §2.1.1", "PKCE is required of everybody else.")
@pytest.mark.parametrize("kind", ["web", "spa"])
def test_nobody_is_let_off_by_default_and_no_public_client_ever(kind: str) -> None:
    other = Flow(make_application(kind, scopes=("openid", "photos:read")), make_user())
    if kind == "spa":
        ClientPolicy.objects.update(nonce_instead_of_pkce=True)
    refused(other, "PKCE is required")


@requirement("RFC 9700 §4.8.2", "A verifier without a challenge means a downgrade, and is refused.")
def test_a_challenge_that_was_taken_out_is_noticed(flow: Flow) -> None:
    answer = flow.exchange(code(flow), code_verifier=VERIFIER)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_what_it_sends_of_pkce_is_checked_as_of_anybody(flow: Flow) -> None:
    with_challenge = flow.code("openid photos:read")
    assert flow.exchange(with_challenge, code_verifier=None).status_code == 400
    assert flow.exchange(flow.code("openid"), code_verifier="w" * 43).status_code == 400
    assert flow.exchange(flow.code("openid")).status_code == 200
    refused(flow, "S256", code_challenge="c" * 43, code_challenge_method="plain")


def test_who_is_let_off_no_longer_cannot_redeem(flow: Flow) -> None:
    pending = code(flow)
    ClientPolicy.objects.update(nonce_instead_of_pkce=False)
    assert flow.exchange(pending, code_verifier=None).status_code == 400


def test_the_sites_own_code_has_the_last_word(flow: Flow, settings: Any) -> None:
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "PKCE_REQUIRED": lambda client_id: True}
    refused(flow, "PKCE is required")


@pytest.fixture
def _registration_is_on(settings: Any) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
    }


@pytest.mark.usefixtures("_registration_is_on")
def test_nobody_lets_itself_off() -> None:
    made = registered(nonce_instead_of_pkce=True)
    assert "nonce_instead_of_pkce" not in made
    rows = ClientPolicy.objects.filter(application__client_id=made["client_id"])
    assert not rows.get().nonce_instead_of_pkce
    rows.update(nonce_instead_of_pkce=True)
    public = document(client_id=made["client_id"], token_endpoint_auth_method="none")
    path = f"/o/register/{made['client_id']}/"
    answer = send("PUT", path, public, made["registration_access_token"])
    assert answer.json()["error"] == "invalid_client_metadata"
    assert "without PKCE" in answer.json()["error_description"]
    other = document(client_id=made["client_id"], client_name="Somebody else")
    assert send("PUT", path, other, made["registration_access_token"]).status_code == 200
    assert not rows.get().nonce_instead_of_pkce, "an operator trusted somebody else"
