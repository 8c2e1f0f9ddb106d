import io
import json
import logging

import pytest
from django.db import IntegrityError
from django.http import HttpResponse
from django.test import RequestFactory

from idp.services.origin import origin_of
from project import logs
from project.request_id import RequestIdMiddleware

SECRETS = ("a-secret-code", "a-secret-token", "a-secret-password", "a-client-secret", "a-state")


@pytest.fixture
def written():
    """What the site writes to its log, as it is configured."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def ask(path="/", answer=None, **headers):
    middleware = RequestIdMiddleware(lambda request: answer or HttpResponse())
    return middleware(RequestFactory().get(path, headers=headers))


def test_a_request_is_one_line_of_json(written):
    ask("/o/authorize/?code=a-secret-code", x_request_id="proxy-1234")

    (line,) = written()
    assert (line["method"], line["path"], line["status"]) == ("GET", "/o/authorize/", 200)
    assert line["request_id"] == "proxy-1234"
    assert line["milliseconds"] >= 0


def test_a_sane_request_id_of_a_proxy_is_kept_and_sent_back():
    assert ask(x_request_id="0af7651916cd43dd8448eb211c80319c")["X-Request-ID"] == (
        "0af7651916cd43dd8448eb211c80319c"
    )


@pytest.mark.parametrize(
    "given",
    ["", "short", "x" * 65, "two words", "semi;colon", 'quo"te', "line\nbreak", "ümläut-id"],
)
def test_any_other_request_id_is_replaced_everywhere(given):
    seen = []

    def view(request):
        seen.append(origin_of(request).request_id)
        return HttpResponse()

    request = RequestFactory().get("/")
    request.META["HTTP_X_REQUEST_ID"] = given
    answer = RequestIdMiddleware(view)(request)

    assert answer["X-Request-ID"] == seen[0] != given
    assert len(seen[0]) == 32


def test_two_requests_have_two_ids():
    assert ask()["X-Request-ID"] != ask()["X-Request-ID"]


def test_a_line_outside_a_request_has_no_id(written):
    ask()
    logging.getLogger("project").warning("later")

    assert "request_id" not in written()[-1]


def test_an_error_keeps_its_traceback_without_the_values_of_the_row(written):
    row = "a-secret-token"
    try:
        raise IntegrityError(f"duplicate key\nDETAIL:  Key (token)=({row}) exists.")
    except IntegrityError:
        logging.getLogger("project").exception("failed")

    (line,) = written()
    assert "IntegrityError: duplicate key" in line["exception"]
    assert f"({row})" not in line["exception"]


def test_what_django_adds_to_a_record_does_not_reach_the_log(written):
    request = RequestFactory().get("/?code=a-secret-code")
    logging.getLogger("django.request").warning("Not found", extra={"request": request})

    assert "a-secret-code" not in json.dumps(written())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/o/authorize/", "/o/token/", "/o/introspect/", "/o/revoke_token/", "/o/userinfo/"]
)
def test_no_secret_of_a_request_reaches_the_log(client, written, path):
    query = {"code": "a-secret-code", "state": "a-state"}
    body = {
        "grant_type": "authorization_code",
        "code": "a-secret-code",
        "client_secret": "a-client-secret",
        "token": "a-secret-token",
        "password": "a-secret-password",
    }
    headers = {"authorization": "Bearer a-secret-token"}

    client.get(path, query, headers=headers)
    client.post(path, body, headers=headers, query_params=query)

    said = json.dumps(written())
    assert path in said
    assert [secret for secret in SECRETS if secret in said] == []


@pytest.mark.django_db
def test_a_failed_sign_in_leaves_no_password_in_the_log(client, written):
    client.post("/account/login/", {"username": "ada", "password": "a-secret-password"})

    assert "a-secret-password" not in json.dumps(written())


@pytest.mark.parametrize("name", ["oauthlib", "oauth2_provider"])
def test_libraries_that_tell_tokens_at_lower_levels_are_kept_to_warnings(name):
    assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING


def test_the_development_server_does_not_log_queries():
    assert not logging.getLogger("django.server").isEnabledFor(logging.ERROR)
