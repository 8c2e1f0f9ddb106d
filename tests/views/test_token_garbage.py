"""What cannot be a token of ours is refused before the database is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from oauth2_provider.oauth2_backends import get_oauthlib_core

from idp.conf import access_token_model
from idp.domain.credential import ACCESS, REFRESH, generate
from tests.factories import make_application, make_scope, make_user
from tests.views.flow import Flow, basic, bearer, post

pytestmark = pytest.mark.django_db

GARBAGE = {
    "checksum": generate(ACCESS)[:-1] + "!",
    "kind": generate(REFRESH)[:-1] + "~",
    "length": f"idpa_{'x' * 200}",
    "characters": "idpa_\x7f\x7f",
}


def watched(act: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, list[str]]:
    """Return what an act returns, and the statements that it cost."""
    with CaptureQueriesContext(connection) as captured:
        found = act(*args, **kwargs)
    return found, [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize("name", sorted(GARBAGE))
def test_apis_and_userinfo_refuse_garbage_without_a_statement(name: str) -> None:
    header = bearer(GARBAGE[name])
    for path in ("/o/userinfo/", "/api/user-profile/"):
        response, cost = watched(Browser().get, path, **header)
        assert not cost
        assert response.status_code == 401
        assert 'error="invalid_token"' in response["WWW-Authenticate"]


def test_the_toolkits_own_check_refuses_garbage_without_a_statement() -> None:
    request = RequestFactory().get("/", **bearer(GARBAGE["checksum"]))
    core = get_oauthlib_core()
    core.verify_request(request, scopes=[])
    (valid, _request), cost = watched(core.verify_request, request, scopes=[])
    assert not valid
    assert not cost


def test_an_authenticated_client_learns_nothing_of_garbage_and_no_table_of_tokens_is_read() -> None:
    application = make_application("web", scopes=("openid",))
    header = basic(application)
    garbage = GARBAGE["checksum"]
    asks = {
        "introspect": {"token": garbage},
        "revoke_token": {"token": garbage},
        "token": {"grant_type": "refresh_token", "refresh_token": garbage},
    }
    for path, fields in asks.items():
        response, cost = watched(post, f"/o/{path}/", fields, **header)
        assert not [sql for sql in cost if "issuedtoken" in sql or "token_checksum" in sql]
        assert response.status_code == (400 if path == "token" else 200)


def test_a_token_from_before_the_prefixes_still_works() -> None:
    make_scope("account:read")
    flow = Flow(make_application("web", scopes=("openid", "account:read")), make_user())
    token = flow.tokens("openid account:read")["access_token"]
    row = access_token_model().objects.get()
    row.pk, row.token, row.token_checksum = None, "SFMBjxsz6N9xC4eZuKD2TqWv81LrYp", None
    row.save()
    old = bearer("SFMBjxsz6N9xC4eZuKD2TqWv81LrYp")
    assert Browser().get("/api/user-profile/", **old).status_code == 200
    assert Browser().get("/api/user-profile/", **bearer(token)).status_code == 200
