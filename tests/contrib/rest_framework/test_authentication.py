"""Bearer tokens at an API: taken from the header alone, refused in the words of RFC 6750."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from idp.conf import access_token_model
from idp.models import ClientPolicy
from idp.services.site import site_state
from tests.factories import make_application, make_user
from tests.requirement import defect, requirement

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib.rest_framework.urls")]

METADATA = 'resource_metadata="http://testserver/.well-known/oauth-protected-resource"'
REVOKED = (
    'Bearer error="invalid_token", '
    f'error_description="The access token is unknown, or was revoked.", {METADATA}'
)
MALFORMED = (
    f'Bearer error="invalid_token", error_description="The access token is malformed.", {METADATA}'
)
ID_TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture
def application() -> Any:
    return make_application("web", scopes=("read",))


def issue(application: Any, value: str = "value", **fields: Any) -> Any:
    return access_token_model().objects.create(
        **{
            "user": make_user(),
            "application": application,
            "token": value,
            "scope": "read",
            "expires": timezone.now() + timedelta(minutes=10),
            **fields,
        }
    )


def get(client: Client, header: str | None = "Bearer value", path: str = "/read/") -> Any:
    return client.get(path, headers={"Authorization": header} if header is not None else {})


def test_a_live_token_is_let_in(client: Client, application: Any) -> None:
    token = issue(application)
    answer = get(client)
    assert answer.json() == {"user": token.user.username, "scopes": ["read"]}


def test_one_statement_is_enough(
    client: Client, application: Any, django_assert_num_queries: Any
) -> None:
    site_state()
    issue(application)
    get(client)
    with django_assert_num_queries(1):
        assert get(client).status_code == 200


@requirement("RFC 6750 §2.1", "The scheme's name has no case.")
@pytest.mark.parametrize("header", ["bearer value", "BEARER value", "Bearer  value"])
def test_the_scheme_is_read_as_http_reads_it(client: Client, application: Any, header: str) -> None:
    issue(application)
    assert get(client, header).status_code == 200


@requirement("RFC 6750 §3", "Without a token the challenge names no error.")
@requirement("RFC 9728 §5.1", "The challenge leads to the metadata.")
def test_without_a_token_the_challenge_names_no_error(client: Client) -> None:
    answer = get(client, None)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == f"Bearer {METADATA}"


def test_another_scheme_is_no_token(client: Client) -> None:
    answer = get(client, "Basic dXNlcjpwYXNz")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == f"Bearer {METADATA}"


@requirement("RFC 6750 §2.3", "A token in the query counts for nothing.")
@requirement("RFC 9700 §4.3.2", "Tokens are not passed in addresses.")
def test_a_token_in_the_query_counts_for_nothing(client: Client, application: Any) -> None:
    issue(application)
    answer = client.get("/read/?access_token=value")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == f"Bearer {METADATA}"


def test_a_token_in_the_body_counts_for_nothing(client: Client, application: Any) -> None:
    issue(application)
    answer = client.post("/either/", {"access_token": "value"}, content_type="application/json")
    assert answer.status_code == 401


@defect(8)
@requirement("RFC 6750 §3.1", "What is no access token is invalid_token.")
@pytest.mark.parametrize("value", ["other", ID_TOKEN, "eya.b.c", "x" * 16_000, "a=="])
def test_what_is_no_access_token_is_invalid(client: Client, value: str) -> None:
    answer = get(client, f"Bearer {value}")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == REVOKED
    assert answer.json() == {
        "error": "invalid_token",
        "error_description": "The access token is unknown, or was revoked.",
    }


@defect(8)
@pytest.mark.parametrize(
    "value",
    ["", " ", "a b", "\x00", "ä", "value, Bearer value", '"', "x" * 16_001, "\udcff", "=", "a=b"],
)
def test_garbage_is_invalid_and_breaks_nothing(client: Client, value: str) -> None:
    answer = get(client, f"Bearer {value}")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == MALFORMED


def test_an_expired_token_says_so(client: Client, application: Any) -> None:
    issue(application, expires=timezone.now() - timedelta(seconds=1))
    assert get(client).json()["error_description"] == "The access token has expired."


def test_why_somebody_ended_it_is_not_told(client: Client, application: Any) -> None:
    issue(application)
    ClientPolicy.objects.filter(application=application).update(status="disabled")
    assert get(client).headers["WWW-Authenticate"] == REVOKED


def test_a_client_in_its_own_name_is_nobody(client: Client) -> None:
    issue(make_application("service", scopes=("read",)), user=None)
    assert get(client).json()["user"] == "AnonymousUser"


class TestIdentifiedApi:
    def test_a_token_meant_for_it_is_let_in(self, client: Client, application: Any) -> None:
        issue(application, resource=["http://testserver/shelf"])
        assert get(client, path="/shelf/").status_code == 200

    def test_a_token_meant_for_nothing_in_particular_is_let_in(
        self, client: Client, application: Any
    ) -> None:
        issue(application)
        assert get(client, path="/shelf/").status_code == 200

    def test_a_token_meant_for_another_is_invalid(self, client: Client, application: Any) -> None:
        issue(application, resource=["https://other.example/"])
        answer = get(client, path="/shelf/")
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_token"

    def test_the_challenge_leads_to_its_own_metadata(self, client: Client) -> None:
        assert get(client, None, "/shelf/").headers["WWW-Authenticate"] == (
            'Bearer resource_metadata="http://testserver/.well-known/oauth-protected-resource/shelf"'
        )
