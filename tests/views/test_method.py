"""Wrong methods: 405 with Allow at every endpoint, whatever a browser's checks would say first."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from tests.factories import make_application, make_user
from tests.requirement import requirement
from tests.views.flow import Flow, bearer

pytestmark = pytest.mark.django_db

EVERY = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
ORIGIN = "https://app.example.com"

READ = ("GET", "HEAD", "OPTIONS")
SEND = ("POST", "OPTIONS")
JSON = {
    "/o/.well-known/openid-configuration": READ,
    "/o/.well-known/oauth-authorization-server": READ,
    "/o/.well-known/jwks.json": READ,
    "/.well-known/oauth-authorization-server/o": READ,
    "/.well-known/openid-configuration/o": READ,
    "/.well-known/oauth-protected-resource": READ,
    "/.well-known/oauth-protected-resource/api": READ,
    "/o/par/": SEND,
    "/o/device-authorization/": SEND,
    "/o/token/": SEND,
    "/o/revoke_token/": SEND,
    "/o/introspect/": SEND,
    "/o/userinfo/": ("GET", "HEAD", "POST", "OPTIONS"),
    "/o/register/": SEND,
    "/o/register/unknown/": ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"),
}
"""Endpoints that speak JSON, and their methods."""
PAGES = {
    "/o/authorize/": ("GET", "POST"),
    "/o/authorize/decide/": ("POST",),
    "/o/authorize/resume/": ("GET",),
    "/o/authorize/select/": ("POST",),
    "/o/authorize/switch/": ("GET",),
    "/o/device/": ("GET", "POST"),
    "/o/logout/": ("GET", "POST"),
    "/o/logout/confirm/": ("POST",),
    f"/o/logo/{'0' * 64}/": ("GET", "HEAD"),
}
"""Pages and pictures for people, and their methods; those that act know no HEAD."""


@pytest.fixture(autouse=True)
def _world(settings: Any) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
    }
    make_application("spa", scopes=("openid",), allowed_origins=ORIGIN)


def send(method: str, path: str, **headers: str) -> Any:
    """Send what the script of another site could send, to a site that checks that."""
    browser = Browser(enforce_csrf_checks=True)
    return browser.generic(method, path, HTTP_ORIGIN=ORIGIN, **headers)


def allowed(response: Any) -> set[str]:
    return set(response["Allow"].split(", "))


@requirement("RFC 9110 §15.5.6", "A wrong method is 405, and Allow names the right ones.")
@requirement("OpenID Connect Discovery §4.1", "The configuration is read by GET alone.")
@pytest.mark.parametrize("path", JSON)
def test_json_endpoints_refuse_other_methods_in_json(path: str) -> None:
    for method in EVERY:
        response = send(method, path)
        if method == "OPTIONS":
            assert (response.status_code, allowed(response)) == (204, set(JSON[path]))
            methods = set(response["Access-Control-Allow-Methods"].split(", "))
            assert methods == set(JSON[path])
        elif method in JSON[path]:
            assert response.status_code != 405, method
        else:
            assert (response.status_code, allowed(response)) == (405, set(JSON[path])), method
            assert response["Content-Type"] == "application/json"
            assert response["Cache-Control"] == "no-store"
            if method != "HEAD":
                assert response.json()["error"] == "invalid_request"
        assert response["Access-Control-Allow-Origin"] in {"*", ORIGIN}, method


@requirement("RFC 9110 §15.5.6", "A wrong method is 405, and Allow names the right ones.")
@pytest.mark.parametrize("path", PAGES)
def test_pages_refuse_other_methods(path: str) -> None:
    for method in set(EVERY) - set(PAGES[path]):
        response = send(method, path)
        assert (response.status_code, allowed(response)) == (405, set(PAGES[path])), method
        assert "Access-Control-Allow-Origin" not in response


@requirement("RFC 9110 §9.3.2", "HEAD is GET without its body.")
@pytest.mark.parametrize("path", [path for path, methods in JSON.items() if "HEAD" in methods])
def test_what_can_be_read_has_a_head(path: str) -> None:
    flow = Flow(make_application("web", scopes=("openid",)), make_user())
    headers = bearer(flow.tokens()["access_token"]) if "userinfo" in path else {}
    body, head = send("GET", path, **headers), send("HEAD", path, **headers)
    assert (head.status_code, head.content) == (body.status_code, b"")
    for name in ("Content-Type", "Cache-Control", "ETag"):
        assert head.get(name) == body.get(name)


@pytest.mark.parametrize("path", ["/o/device/", "/o/logout/confirm/"])
def test_forms_of_people_are_still_checked_for_forgery(path: str) -> None:
    assert send("POST", path).status_code == 403
