"""Views of Django under the toolkit's decorators, and its own classes, judge by our rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework.request import Request

from idp.contrib.decorators import protected_resource, protected_resource_metadata
from idp.services.client import disable_client
from tests.factories import make_application, make_scope, make_user
from tests.requirement import defect
from tests.views.flow import Flow, bearer

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["opaque", "jwt"])
def flow(request: pytest.FixtureRequest) -> Flow:
    make_scope("photos:read")
    scopes = ("openid", "photos:read")
    return Flow(
        make_application("web", scopes=scopes, access_token_format=request.param), make_user("ada")
    )


@protected_resource(scopes=["photos:read"])
def photos(request: Any) -> HttpResponse:
    return HttpResponse(request.resource_owner.get_username())


@protected_resource_metadata(scopes=["photos:read"])
def told(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


def call(view: Any, token: str) -> Any:
    return view(RequestFactory().get("/photos/", **bearer(token)))


def test_a_live_token_with_the_scope_is_let_in(flow: Flow) -> None:
    token = flow.tokens("photos:read")["access_token"]
    assert call(photos, token).content == b"ada"


@defect(8)
def test_another_scope_and_an_id_token_are_refused(flow: Flow) -> None:
    tokens = flow.tokens("openid")
    assert call(photos, tokens["access_token"]).status_code == 403
    answer = call(told, tokens["access_token"])
    assert (answer.status_code, "insufficient_scope" in answer["WWW-Authenticate"]) == (403, True)
    answer = call(told, tokens["id_token"])
    assert (answer.status_code, "invalid_token" in answer["WWW-Authenticate"]) == (401, True)


@defect(9)
@pytest.mark.parametrize("end", ["user", "client"])
def test_whoever_is_switched_off_is_refused_at_once(flow: Flow, end: str) -> None:
    token = flow.tokens("photos:read")["access_token"]
    if end == "client":
        disable_client(flow.application, reason="test")
    else:
        flow.user.is_active = False
        flow.user.save()
    assert call(photos, token).status_code == 403


def test_the_toolkits_own_class_for_rest_framework_knows_every_access_token_and_no_other(
    flow: Flow,
) -> None:
    tokens = flow.tokens("openid photos:read")

    def user_of(token: str) -> Any:
        request = Request(RequestFactory().get("/", **bearer(token)))
        found = OAuth2Authentication().authenticate(request)
        return found and found[0]

    assert user_of(tokens["access_token"]) == flow.user
    assert user_of(tokens["id_token"]) is None
    assert user_of("eya.b.c") is None
    flow.refresh(tokens["refresh_token"])
    assert user_of(tokens["access_token"]) is None
