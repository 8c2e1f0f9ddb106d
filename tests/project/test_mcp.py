"""The sample API as an MCP server: who gets in, and what a message gets."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from project.api.mcp import SCOPE
from project.api.models import Photo
from tests.factories import make_api, make_application, make_scope, make_user
from tests.requirement import requirement
from tests.views.flow import Flow, bearer

pytestmark = pytest.mark.django_db

SERVER = "http://testserver/mcp"


@pytest.fixture
def flow() -> Flow:
    make_scope(SCOPE, api=make_api(SERVER, "Photos for assistants"))
    return Flow(make_application("native", scopes=(SCOPE,)), make_user("ada"))


@pytest.fixture
def headers(flow: Flow) -> dict[str, str]:
    return bearer(flow.tokens(SCOPE, resource=SERVER)["access_token"])


def call(headers: dict[str, str], body: Any) -> Any:
    return Browser().post("/mcp", body, content_type="application/json", **headers)


def ask(headers: dict[str, str], method: str, **params: Any) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return call(headers, body).json()


def test_who_brings_no_token_is_led_to_the_provider():
    refused = call({}, {})
    assert refused.status_code == 401
    address = f"{SERVER.removesuffix('/mcp')}/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{address}"' in refused["WWW-Authenticate"]


@requirement("RFC 9728 §2", "The metadata names resource, provider and scopes.")
def test_the_metadata_names_server_scopes_and_provider(flow):
    found = Browser().get("/.well-known/oauth-protected-resource/mcp").json()
    assert (found["resource"], found["scopes_supported"]) == (SERVER, [SCOPE])
    assert found["authorization_servers"]


@requirement("RFC 8707 §4", "A token for another resource is refused.")
def test_a_token_that_was_not_asked_for_this_server_is_refused(flow):
    plain = flow.tokens(SCOPE)["access_token"]
    assert call(bearer(plain), {}).status_code == 401


def test_a_person_hears_of_the_own_photos_alone(flow, headers):
    Photo.objects.create(owner=flow.user, title="Mine", content=b"")
    Photo.objects.create(owner=make_user(), title="Theirs", content=b"")
    begun = ask(headers, "initialize", protocolVersion="2025-03-26")["result"]
    assert begun["protocolVersion"] == "2025-03-26"
    assert [tool["name"] for tool in ask(headers, "tools/list")["result"]["tools"]] == [
        "list_photos"
    ]
    answer = ask(headers, "tools/call", name="list_photos", arguments={})
    assert answer["result"]["content"] == [{"type": "text", "text": "Mine"}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("[]", -32600),
        ('{"id": 1}', -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": ["x"]}', -32601),
        ('{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": 5}', -32602),
        (
            '{"jsonrpc": "2.0", "id": 1, "method": "tools/call",'
            ' "params": {"name": "list_photos", "arguments": {"limit": 1e9}}}',
            -32602,
        ),
        (
            '{"jsonrpc": "2.0", "id": 1, "method": "tools/call",'
            ' "params": {"name": {"x": 1}, "arguments": [1]}}',
            -32602,
        ),
    ],
)
def test_a_message_that_makes_no_sense_gets_an_error_of_json_rpc(headers, body, code):
    assert call(headers, body).json()["error"]["code"] == code


def test_what_is_no_json_or_comes_from_a_strange_page_is_refused(headers):
    assert call(headers, "[" * 10_000).status_code == 400
    assert call({**headers, "HTTP_ORIGIN": "https://evil.example"}, {}).status_code == 403
    assert Browser().get("/mcp", **headers).status_code in {403, 405}


def test_a_notification_is_only_taken_note_of(headers):
    response = call(headers, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (response.status_code, response.content) == (202, b"")
