"""What a token must be allowed to do before a view runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from idp.conf import access_token_model
from idp.contrib.rest_framework import HasScope
from idp.models import Authorization, IssuedToken
from idp.services.access import checksum_of
from tests.factories import make_application, make_policy, make_scope, make_user
from tests.requirement import requirement

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib.rest_framework.urls")]

HEADERS = {"Authorization": "Bearer value"}
METADATA = 'resource_metadata="http://testserver/.well-known/oauth-protected-resource"'


def issue(
    *scopes: str, age_seconds: int | None = None, acr: str = "", service: bool = False
) -> Any:
    """Issue a token, with a sign-in of an age where one is given."""
    user = None if service else make_user()
    application = make_application("service" if service else "web", scopes=scopes)
    now = timezone.now()
    token = access_token_model().objects.create(
        user=user,
        application=application,
        token="value",
        scope=" ".join(scopes),
        expires=now + timedelta(minutes=10),
    )
    if age_seconds is not None:
        authorization = Authorization.objects.create(
            user=user,
            application=application,
            scopes=" ".join(scopes),
            auth_time=now - timedelta(seconds=age_seconds),
            acr=acr,
        )
        IssuedToken.objects.create(
            checksum=checksum_of("value"), kind="access", authorization=authorization
        )
    return token


def status(client: Client, path: str, method: str = "GET") -> int:
    return int(client.generic(method, path, headers=HEADERS).status_code)


@pytest.mark.parametrize(
    ("path", "scopes", "expected"),
    [
        ("/read/", ("read",), 200),
        ("/read/", ("write",), 403),
        ("/both/", ("read",), 403),
        ("/both/", ("read", "write"), 200),
        ("/either/", ("write",), 200),
        ("/either/", ("admin",), 403),
        ("/closed/", ("read", "write", "admin"), 403),
    ],
)
def test_scopes_open_what_they_name(
    client: Client, path: str, scopes: tuple[str, ...], expected: int
) -> None:
    issue(*scopes)
    assert status(client, path) == expected


@pytest.mark.parametrize(
    ("method", "scope", "expected"),
    [
        ("GET", "read", 200),
        ("HEAD", "read", 200),
        ("POST", "read", 403),
        ("POST", "write", 200),
        ("POST", "admin", 200),
        ("OPTIONS", "admin", 403),
    ],
)
def test_each_method_has_its_own_need(
    client: Client, method: str, scope: str, expected: int
) -> None:
    issue(scope)
    assert status(client, "/methods/", method) == expected


@pytest.mark.parametrize(
    ("method", "scopes", "expected"),
    [
        ("GET", ("read",), 200),
        ("POST", ("read",), 403),
        ("POST", ("read", "write"), 200),
        ("DELETE", ("read", "write"), 403),
    ],
)
def test_each_action_has_its_own_need_and_unnamed_ones_are_closed(
    client: Client, method: str, scopes: tuple[str, ...], expected: int
) -> None:
    issue(*scopes)
    assert status(client, "/items/", method) == expected


@requirement("RFC 6750 §3.1", "insufficient_scope is 403 and names the scope.")
def test_a_missing_scope_is_named(client: Client) -> None:
    issue("read")
    answer = client.get("/both/", headers=HEADERS)
    assert answer.json()["error"] == "insufficient_scope"
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_scope", '
        'error_description="The request needs the scope read write.", '
        f'scope="read write", {METADATA}'
    )


def test_without_a_token_the_answer_is_401(client: Client) -> None:
    assert client.get("/read/").status_code == 401
    assert client.get("/client/").status_code == 401
    assert client.get("/fresh/").status_code == 401


def test_a_permission_that_needs_nothing_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="at least one scope"):
        HasScope.of()


class TestFreshSignIn:
    @pytest.mark.parametrize(("age", "expected"), [(10, 200), (299, 200), (301, 401)])
    def test_the_sign_in_must_be_fresh(self, client: Client, age: int, expected: int) -> None:
        issue("read", age_seconds=age)
        assert status(client, "/fresh/") == expected

    def test_the_challenge_says_what_would_do(self, client: Client) -> None:
        issue("read", age_seconds=1000)
        answer = client.get("/fresh/", headers=HEADERS)
        assert answer.json()["error"] == "insufficient_user_authentication"
        assert answer.headers["WWW-Authenticate"] == (
            'Bearer error="insufficient_user_authentication", '
            'error_description="A fresher or stronger sign-in is needed.", '
            f'max_age="300", {METADATA}'
        )

    def test_the_sign_in_must_be_strong(self, client: Client) -> None:
        issue("read", age_seconds=1, acr="urn:pwd")
        answer = client.get("/strong/", headers=HEADERS)
        assert answer.status_code == 401
        assert 'acr_values="urn:mfa"' in answer.headers["WWW-Authenticate"]

    def test_a_strong_sign_in_is_let_in(self, client: Client) -> None:
        issue("read", age_seconds=1, acr="urn:mfa")
        assert status(client, "/strong/") == 200

    def test_a_sign_in_that_nobody_recorded_is_not_fresh(self, client: Client) -> None:
        issue("read")
        assert status(client, "/fresh/") == 401


class TestPolicy:
    @pytest.mark.parametrize(("age", "expected"), [(50, 200), (70, 401)])
    def test_a_scope_brings_its_own_demand(self, client: Client, age: int, expected: int) -> None:
        policy = make_policy("fresh", max_authentication_age=timedelta(seconds=60))
        make_scope("read", policy=policy)
        issue("read", age_seconds=age)
        assert status(client, "/read/") == expected

    def test_of_two_ways_the_one_without_a_demand_is_enough(self, client: Client) -> None:
        policy = make_policy("fresh", max_authentication_age=timedelta(seconds=60))
        make_scope("read", policy=policy)
        make_scope("write")
        issue("read", "write", age_seconds=70)
        assert status(client, "/either/") == 200


class TestIsClient:
    def test_a_client_in_its_own_name_is_let_in(self, client: Client) -> None:
        issue("read", service=True)
        assert status(client, "/client/") == 200

    def test_a_person_is_not(self, client: Client) -> None:
        issue("read")
        answer = client.get("/client/", headers=HEADERS)
        assert answer.status_code == 403
        assert answer.json()["error"] == "insufficient_scope"
