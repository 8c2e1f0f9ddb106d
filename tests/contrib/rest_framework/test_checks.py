"""Views that no scope guards are named, and so are scopes that guard no view."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.core import checks
from django.urls import include, path
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from idp.contrib.rest_framework import HasScope, IsClient, OAuth2Authentication
from idp.contrib.rest_framework.checks import ApiCheckId, api_views, check_scopes, check_views
from tests.factories import make_api, make_application, make_scope

Guarded = HasScope.of("read")


class Guarding(APIView):
    authentication_classes = [OAuth2Authentication]
    permission_classes = [Guarded]


class Either(Guarding):
    permission_classes = [IsClient | HasScope.of("either")]


class Acting(ViewSet):
    authentication_classes = [OAuth2Authentication]
    permission_classes = [HasScope.per_action(list="list", create=HasScope.any_of("a", "b"))]

    def list(self, request: Any) -> Any: ...


class Forgetful(Guarding):
    permission_classes = [IsAuthenticated]


class Inheriting(APIView):
    authentication_classes = [OAuth2Authentication]


class Open(Guarding):
    permission_classes = [AllowAny]


class Closed(Guarding):
    permission_classes = [HasScope]


class OfSessions(APIView):
    authentication_classes = []
    permission_classes = [IsAuthenticated]


def mount(*views: Any) -> Any:
    patterns = [
        path(f"{number}/", view.as_view(*([{"get": "list"}] if view is Acting else [])))
        for number, view in enumerate(views)
    ]
    module: Any = ModuleType("mounted")
    module.urlpatterns = [path("api/", include(patterns)), path("x/", lambda request: request)]
    return module


def named(found: list[Any]) -> list[str]:
    return [str(message.obj).rpartition(".")[2] for message in found]


@pytest.mark.parametrize("view", [Guarding, Either, Acting, Open, Closed, OfSessions])
def test_a_view_that_is_guarded_or_means_to_be_open_is_fine(settings: Any, view: Any) -> None:
    settings.ROOT_URLCONF = mount(view)
    assert view in set(api_views())
    assert check_views() == []


@pytest.mark.parametrize("view", [Forgetful, Inheriting])
def test_a_view_that_takes_tokens_and_asks_for_no_scope_is_named(
    settings: Any, monkeypatch: pytest.MonkeyPatch, view: Any
) -> None:
    # The framework's own default; that of the sample API is closed.
    monkeypatch.setattr(APIView, "permission_classes", [AllowAny])
    settings.ROOT_URLCONF = mount(Guarding, view, view)
    found = check_views()
    assert named(found) == [view.__name__]
    assert found[0].id == ApiCheckId.VIEW_WITHOUT_SCOPE


@pytest.mark.django_db
def test_a_scope_that_no_view_asks_for_is_named(settings: Any) -> None:
    settings.ROOT_URLCONF = mount(Guarding, Either, Acting)
    for name in ("read", "either", "a", "list", "idle"):
        make_scope(name)
    make_scope("write", implies=("read",))
    make_scope("retired", active=False)
    far = make_api("https://far.example.com", "Far")
    far.resource_servers.add(make_application("service").idp_policy)
    make_scope("far:read", api=far)

    found = check_scopes(databases=["default"])

    assert named(found) == ["idle"]
    assert found[0].id == ApiCheckId.SCOPE_WITHOUT_VIEW


@pytest.mark.django_db
def test_scopes_are_read_only_where_the_database_is_asked_for(
    django_assert_num_queries: Any,
) -> None:
    make_scope("idle")
    with django_assert_num_queries(0):
        assert check_scopes() == []


def test_the_checks_are_registered() -> None:
    registered = checks.registry.registry.get_checks(include_deployment_checks=True)
    assert {check_views, check_scopes} <= set(registered)


def test_the_sample_api_is_guarded() -> None:
    assert check_views() == []
