"""A ``Content-Type`` that Django cannot read is no internal error at any address."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.wsgi import get_wsgi_application

from project.wsgi import application

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("connection_stays_open")]

FORM = "application/x-www-form-urlencoded"
BREAKS_DJANGO = (
    f"{FORM}; charset=rot13",
    f"{FORM}; charset=hex",
    f"{FORM}; charset=idna",
    f"{FORM}; charset=undefined",
    f"{FORM}; charset=\x00",
    f"{FORM}; charset*=bogus''x",
    "multipart/form-data; boundary=x; charset=rot13",
)
ODD = ("A" * 100_000, f"{FORM}; charset=none-such", f"{FORM}; charset=utf-16", ";", "\xff")
ADDRESSES = (
    "/",
    "/login/",
    "/admin/login/",
    "/o/authorize/",
    "/o/token/",
    "/o/introspect/",
    "/o/register/",
    "/o/userinfo/",
    "/api/photos/",
    "/healthz",
)


def sent(site: Any, method: str, path: str, content_type: str) -> tuple[int, bytes]:
    body = b"a=b&c=%ff"
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "a=b&c=%ff",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "127.0.0.1:8000",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }
    statuses: list[int] = []
    body = b"".join(site(environ, lambda status, _headers: statuses.append(int(status[:3]))))
    return statuses[0], body


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ADDRESSES)
def test_no_content_type_breaks_anything(method: str, path: str) -> None:
    answers = {kind: sent(application, method, path, kind)[0] for kind in (*BREAKS_DJANGO, *ODD)}
    assert {kind[:60]: status for kind, status in answers.items() if status >= 500} == {}


@pytest.mark.parametrize("content_type", BREAKS_DJANGO)
def test_without_the_wrapper_django_would_break(content_type: str) -> None:
    with pytest.raises((ValueError, LookupError, BadRequest, SuspiciousOperation)):
        sent(get_wsgi_application(), "GET", "/healthz", content_type)


@pytest.mark.parametrize("content_type", BREAKS_DJANGO)
def test_an_endpoint_still_answers_with_its_own_error(content_type: str) -> None:
    status, body = sent(application, "POST", "/o/par/", content_type)
    assert status == 400
    assert json.loads(body)["error"] == "invalid_request"
