"""The official MCP client, which finds, registers and connects by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from idp.models import ClientPolicy
from project.api.mcp import SCOPE
from project.api.models import Photo
from tests.clients.person import TIMEOUT, Person
from tests.clients.script import Script
from tests.factories import make_api, make_scope
from tests.requirement import requirement
from tests.views.flow import query

pytestmark = pytest.mark.slow


@pytest.fixture
def server(site: str, settings: Any) -> str:
    """The address of the MCP server, at a site where clients may register themselves."""
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
    }
    make_scope(SCOPE, api=make_api(f"{site}/mcp", "Photo assistant"))
    return f"{site}/mcp"


@requirement("RFC 9728 §3", "A client that knows the resource alone finds its way.")
def test_an_assistant_connects_by_itself_once_its_user_allows_it(
    server: str, site: str, person: Person, node: Path
) -> None:
    Photo.objects.create(owner=person.user, title="First snow", content=b"")
    order = {"server": server, "redirect_uri": "http://127.0.0.1:33418/callback"}
    assistant = Script(node, "mcp.js", order)
    try:
        url = assistant.read()["url"]
        assert query(url)["resource"] == [server]
        assistant.write(person.answer(url))
        results = assistant.read()
    finally:
        assistant.close()
    assert results["tools"] == ["list_photos"]
    assert results["text"] == "First snow"
    assert results["scope"].split() == [SCOPE]
    policy = ClientPolicy.objects.get(application__client_id=results["client"]["client_id"])
    assert (policy.kind, policy.source, policy.verified) == ("native", "registration", False)
    elsewhere = requests.get(
        f"{site}/api/photos/",
        headers={"Authorization": f"Bearer {results['access_token']}"},
        timeout=TIMEOUT,
    )
    assert elsewhere.status_code == 401
