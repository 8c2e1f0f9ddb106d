"""How many statements each endpoint costs once all that a process keeps is at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from idp.models import ClientPolicy
from idp.services.client_secret import issue_client_secret
from tests.factories import make_api, make_application, make_scope, make_user
from tests.views.flow import Flow, basic, bearer, post

# Committed for real: keys are kept by a process once their transaction is.
pytestmark = pytest.mark.django_db(transaction=True)

BOUNDARIES = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT")
SCOPE = "openid account:read"
SECRET = "a secret that somebody chose"


def hold(budget: int, act: Callable[[], Any]) -> None:
    """Fail, showing the statements, where an act costs more or fewer than its budget.

    A smaller number is held as strictly, so that what was gained is not lost unseen.
    """
    with CaptureQueriesContext(connection) as captured:
        response = act()
    assert response.status_code == 200, response.content
    found = [query["sql"] for query in captured.captured_queries]
    found = [sql for sql in found if not sql.startswith(BOUNDARIES)]
    assert len(found) == budget, "\n\n".join(found)


@pytest.fixture
def flow() -> Flow:
    make_scope("account:read")
    return Flow(make_application("web", scopes=("openid", "account:read")), make_user("ada"))


def test_client_credentials_cost_two_statements() -> None:
    make_scope("reports:read")
    service = Flow(make_application("service", scopes=("reports:read",)))
    ask = {"grant_type": "client_credentials", "scope": "reports:read"}
    service.token(**ask)
    hold(2, lambda: service.token(**ask))


def test_a_code_exchange_with_an_id_token_costs_eight_statements(flow: Flow) -> None:
    flow.tokens(SCOPE)
    code = flow.code(SCOPE)
    hold(8, lambda: flow.exchange(code))


def test_a_refresh_with_an_id_token_costs_eight_statements(flow: Flow) -> None:
    first = flow.tokens(SCOPE)
    second = flow.refresh(first["refresh_token"]).json()
    hold(8, lambda: flow.refresh(second["refresh_token"]))


def test_a_jwt_costs_no_more_than_an_opaque_token(flow: Flow) -> None:
    ClientPolicy.objects.update(access_token_format="jwt")
    first = flow.tokens(SCOPE)
    code = flow.code(SCOPE)
    hold(8, lambda: flow.exchange(code))
    second = flow.refresh(first["refresh_token"]).json()
    hold(8, lambda: flow.refresh(second["refresh_token"]))


def test_introspection_of_an_own_token_costs_two_statements(flow: Flow) -> None:
    token = flow.tokens(SCOPE)["access_token"]
    ask = introspection_of(token, flow.application)
    ask()
    hold(2, ask)


def test_introspection_by_a_resource_server_costs_two_statements(flow: Flow) -> None:
    server = make_application("service")
    make_api().resource_servers.add(server.idp_policy)
    ask = introspection_of(flow.tokens(SCOPE)["access_token"], server)
    assert ask().json()["scope"] == "account:read"
    hold(2, ask)


def test_userinfo_costs_one_statement(flow: Flow) -> None:
    headers = bearer(flow.tokens(SCOPE)["access_token"])
    Browser().get("/o/userinfo/", **headers)
    hold(1, lambda: Browser().get("/o/userinfo/", **headers))


def test_a_call_of_the_protected_api_costs_one_statement(flow: Flow) -> None:
    headers = bearer(flow.tokens(SCOPE)["access_token"])
    Browser().get("/api/user-profile/", **headers)
    hold(1, lambda: Browser().get("/api/user-profile/", **headers))


@pytest.mark.parametrize("document", ["openid-configuration", "jwks.json"])
def test_public_documents_cost_no_statement(document: str) -> None:
    Browser().get(f"/o/.well-known/{document}")
    hold(0, lambda: Browser().get(f"/o/.well-known/{document}"))


def introspection_of(token: str, application: Any) -> Callable[[], Any]:
    headers = basic(application)
    return lambda: post("/o/introspect/", {"token": token}, **headers)


@pytest.mark.parametrize("kind", ["web", "agent"])
def test_a_pushed_request_reads_its_client_in_one_statement(kind: str) -> None:
    make_scope("photos:read")
    method = {"token_endpoint_auth_method": "client_secret_basic"}
    flow = Flow(make_application(kind, scopes=("photos:read",), **method))
    flow.application.client_type = flow.application.CLIENT_CONFIDENTIAL
    flow.application.save()
    issue_client_secret(flow.application, label="own", value=SECRET)
    with CaptureQueriesContext(connection) as captured:
        pushed = post("/o/par/", flow.parameters("photos:read"), **basic(flow.application, SECRET))
    assert pushed.status_code == 201, pushed.content
    reads = [query["sql"] for query in captured.captured_queries if "SELECT" in query["sql"]]
    assert not [sql for sql in reads if 'FROM "idp_clientpolicy"' in sql]
