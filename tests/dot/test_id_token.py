"""A site's own validator keeps its word on claims, with and without the request at hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from oauth2_provider.oauth2_validators import OAuth2Validator

from idp.dot.validator import IdpValidator
from tests.factories import make_application, make_user
from tests.views.flow import Flow, bearer
from tests.views.token_reader import id_token

pytestmark = pytest.mark.django_db

BEFORE = dict(OAuth2Validator.oidc_claim_scope)


class Agnostic(IdpValidator):
    """Names its claims ahead, so that they are advertised."""

    oidc_claim_scope = {**OAuth2Validator.oidc_claim_scope, "team": "openid"}

    def get_additional_claims(self) -> dict[str, Any]:
        return {"team": lambda request: f"team of {request.user.pk}", "given_name": lambda _r: "G"}


class Requesting(IdpValidator):
    """Answers from the request, names users in its own way, and releases by no scope."""

    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        return {"sub": f"u-{request.user.pk}", "team": "blue"}


def told(flow: Flow, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    answer = flow.tokens(**changes)
    userinfo = Browser().get("/o/userinfo/", **bearer(answer["access_token"])).json()
    return userinfo, id_token(answer)


def use(settings: Any, validator: type) -> None:
    path = f"{__name__}.{validator.__name__}"
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "OAUTH2_VALIDATOR_CLASS": path}


def test_claims_without_a_request_are_told_and_advertised(settings) -> None:
    use(settings, Agnostic)
    flow = Flow(make_application("web", scopes=("openid", "profile")), make_user(first_name="Ada"))
    by_name = '{"userinfo": {"given_name": null}}'
    for claims in told(flow, claims=by_name):
        assert claims["team"] == f"team of {flow.user.pk}"
    assert told(flow, claims=by_name)[0]["given_name"] == "G", "the site has the last word"
    metadata = Browser().get("/o/.well-known/openid-configuration").json()
    assert "team" in metadata["claims_supported"]


def test_a_subject_of_the_site_stands_for_public_clients_and_not_for_pairwise_ones(
    settings,
) -> None:
    use(settings, Requesting)
    user = make_user(email="ada@example.com")
    for claims in told(Flow(make_application("web", scopes=("openid",)), user)):
        assert (claims["sub"], claims["team"]) == (f"u-{user.pk}", "blue")
        assert claims["email"] == "ada@example.com", "without a map every claim is released"
    application = make_application("web", scopes=("openid",), subject_type="pairwise")
    userinfo, token = told(Flow(application, user))
    assert userinfo["sub"] == token["sub"] != f"u-{user.pk}"


def test_the_toolkits_own_map_of_claims_is_left_as_it_was() -> None:
    Flow(make_application("web", scopes=("openid",)), make_user()).tokens()
    assert OAuth2Validator.oidc_claim_scope == BEFORE
    assert "oidc_claim_scope" not in vars(IdpValidator)
