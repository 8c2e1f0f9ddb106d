"""A site that took ``idp`` out again: the toolkit goes on as if it had never been there."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from tests.dropin.hosts import flow


def test_no_table_is_left_behind() -> None:
    assert not [name for name in connection.introspection.table_names() if name.startswith("idp_")]


@pytest.mark.parametrize("path", ["/api/decorated/", "/api/theirs/"])
@pytest.mark.parametrize("name", ["web", "plain", "trusted", "spa", "implicit"])
def test_an_old_access_token_opens_the_api(path: str, name: str, tokens: Any) -> None:
    answer = Browser().get(path, **flow.bearer(tokens[name]["access_token"]))
    assert (answer.status_code, answer.json()) == (200, {"owner": "ada"})


@pytest.mark.parametrize("name", ["web", "plain", "trusted", "spa"])
def test_an_old_refresh_token_is_refreshed(name: str, clients: Any, tokens: Any) -> None:
    assert flow.refresh(clients[name], tokens[name]["refresh_token"]).status_code == 200


def test_the_pending_code_is_redeemed(facts: Any, clients: Any) -> None:
    assert flow.exchange(clients["web"], facts["code"]).status_code == 200


def test_a_service_gets_tokens(clients: Any) -> None:
    fields = {"grant_type": "client_credentials", "scope": "read"}
    answer = flow.post("/o/token/", fields, **flow.basic(clients["service"]))
    assert answer.status_code == 200
