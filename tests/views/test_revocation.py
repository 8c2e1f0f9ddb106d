"""Revocation (RFC 7009): a client ends tokens of its own, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from idp.conf import access_token_model, refresh_token_model
from idp.models import Authorization, SecurityEvent
from tests.factories import make_application, make_scope, make_user
from tests.requirement import requirement
from tests.views.flow import Flow, basic, bearer, post

pytestmark = pytest.mark.django_db

PATH = "/o/revoke_token/"


@pytest.fixture
def flow() -> Flow:
    return Flow(make_application("web", scopes=("openid",)), make_user("ada"))


def revoke(application: Any, token: str, **more: str) -> Any:
    response = post(PATH, {"token": token, **more}, **basic(application))
    assert response["Cache-Control"] == "no-store"
    return response


def refused(response: Any, error: str, status: int = 400) -> None:
    assert (response.status_code, response.json()["error"]) == (status, error)


@requirement("RFC 7009 §2.1", "Either token ends the grant.")
@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_either_token_takes_the_whole_family_along(flow: Flow, name: str) -> None:
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).json()
    elsewhere = flow.tokens()
    response = revoke(flow.application, second[name])
    assert (response.status_code, response.content) == (200, b"")
    assert Browser().get("/o/userinfo/", **bearer(second["access_token"])).status_code == 401
    assert flow.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert Browser().get("/o/userinfo/", **bearer(elsewhere["access_token"])).status_code == 200


@requirement("RFC 7009 §2.2", "An unknown token is answered with 200.")
def test_an_unknown_dead_or_malformed_token_is_gone_already(flow: Flow) -> None:
    tokens = flow.tokens()
    for token in ("x", "a.b.c", tokens["access_token"], tokens["refresh_token"]):
        assert revoke(flow.application, token).status_code == 200
        assert revoke(flow.application, token).status_code == 200


@requirement("RFC 7009 §2.1", "A wrong hint is made up for.")
def test_a_wrong_or_unknown_hint_changes_nothing(flow: Flow) -> None:
    for hint in ("refresh_token", "access_token", "id_token", "nonsense"):
        tokens = flow.tokens()
        revoke(flow.application, tokens["access_token"], token_type_hint=hint)
        assert Browser().get("/o/userinfo/", **bearer(tokens["access_token"])).status_code == 401


@requirement("RFC 7009 §2.1", "A client revokes its own tokens alone.")
@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_the_token_of_another_client_is_refused_and_lives_on(flow: Flow, name: str) -> None:
    tokens = flow.tokens()
    other = make_application("web")
    refused(revoke(other, tokens[name]), "invalid_grant")
    assert Browser().get("/o/userinfo/", **bearer(tokens["access_token"])).status_code == 200
    assert Authorization.objects.get().ended_at is None
    assert SecurityEvent.objects.get(kind="revocation.wrong_client").client_id == other.client_id


def test_a_token_of_a_client_in_its_own_name_is_its_own_as_well(flow: Flow) -> None:
    make_scope("reports:read")
    service = Flow(make_application("service", scopes=("reports:read",)))
    token = service.token(grant_type="client_credentials", scope="reports:read").json()[
        "access_token"
    ]
    refused(revoke(flow.application, token), "invalid_grant")
    assert access_token_model().objects.count() == 1
    assert revoke(service.application, token).status_code == 200
    assert not access_token_model().objects.exists()


def test_an_older_token_is_revoked_by_its_own_client_alone(flow: Flow) -> None:
    tokens = flow.tokens()
    Authorization.objects.all().delete()  # as if it was issued before they were recorded
    refused(revoke(make_application("web"), tokens["refresh_token"]), "invalid_grant")
    assert refresh_token_model().objects.filter(revoked=None).exists()
    assert revoke(flow.application, tokens["refresh_token"]).status_code == 200
    assert not refresh_token_model().objects.filter(revoked=None).exists()
    assert not access_token_model().objects.exists()


@requirement("RFC 7009 §2.2.1", "What cannot be revoked is unsupported_token_type.")
def test_an_id_token_cannot_be_revoked(flow: Flow) -> None:
    refused(revoke(flow.application, flow.tokens()["id_token"]), "unsupported_token_type")


@requirement("RFC 7009 §5", "Public clients can revoke.")
def test_a_public_client_revokes_by_its_name() -> None:
    flow = Flow(make_application("spa", scopes=("openid",)), make_user())
    token = flow.tokens()["refresh_token"]
    fields = {"token": token, "client_id": flow.application.client_id}
    assert post(PATH, fields).status_code == 200
    assert flow.refresh(token).json()["error"] == "invalid_grant"


@requirement("RFC 7009 §2.2.1", "Wrong use is told as at the token endpoint.")
def test_wrong_use_is_told(flow: Flow) -> None:
    headers = basic(flow.application)
    refused(post(PATH, {}, **headers), "invalid_request")
    refused(post(PATH, {"token": ["a", "b"]}, **headers), "invalid_request")
    refused(post(PATH, {"token": "x"}), "invalid_client", 401)
    wrong = basic(flow.application, "idps_wrong")
    refused(post(PATH, {"token": "x"}, **wrong), "invalid_client", 401)
    refused(Browser().get(PATH, {"token": "x"}, **headers), "invalid_request", 405)
