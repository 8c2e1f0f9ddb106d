"""A site's own wrapper and validator go on finding out which client a request comes from."""

from __future__ import annotations

from typing import Any

import pytest
from oauth2_provider.oauth2_backends import OAuthLibCore

from idp.conf import application_model
from idp.dot.core import core_of
from idp.dot.validator import IdpValidator
from tests.factories import make_application, make_scope
from tests.views.flow import TOKEN, basic, post

pytestmark = pytest.mark.django_db


class OwnHeader(OAuthLibCore):
    """Takes the client's authentication from the header that a gateway moved it to."""

    def extract_headers(self, request: Any) -> dict[str, Any]:
        headers: dict[str, Any] = super().extract_headers(request)
        if "HTTP_X_CLIENT_AUTHORIZATION" in headers:
            headers["HTTP_AUTHORIZATION"] = headers["HTTP_X_CLIENT_AUTHORIZATION"]
        return headers


class OwnProof(IdpValidator):
    """Believes only what came through the gateway."""

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        through = request.headers.get("HTTP_X_GATEWAY") == "1"
        return super().authenticate_client(request, *args, **kwargs) and through


class OwnWord(IdpValidator):
    """Knows the client by itself."""

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        name = request.headers["HTTP_X_APP"]
        request.client = application_model().objects.get(name=name)
        request.client_id = request.client.client_id
        return True


@pytest.fixture
def service() -> Any:
    make_scope("reports:read")
    return make_application("service", scopes=("reports:read",))


def use(settings: Any, **classes: type) -> None:
    """Let the toolkit's settings name classes of this module."""
    named = {setting: f"{__name__}.{cls.__name__}" for setting, cls in classes.items()}
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **named}


def ask(path: str = TOKEN, **headers: str) -> Any:
    form = {"grant_type": "client_credentials", "scope": "reports:read", "token": "unknown"}
    return post(path, form, **headers)


def test_a_wrapper_finds_the_clients_authentication_where_it_looks(
    service: Any, settings: Any
) -> None:
    moved = {"HTTP_X_CLIENT_AUTHORIZATION": basic(service)["HTTP_AUTHORIZATION"]}
    assert ask(**moved).status_code == 401
    use(settings, OAUTH2_BACKEND_CLASS=OwnHeader)
    assert ask(**moved).status_code == 200


@pytest.mark.parametrize("path", [TOKEN, "/o/introspect/", "/o/revoke_token/"])
def test_a_validator_above_ours_sees_the_whole_request_and_may_refuse_it(
    service: Any, settings: Any, path: str
) -> None:
    use(settings, OAUTH2_VALIDATOR_CLASS=OwnProof)
    refused = ask(path, **basic(service))
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert ask(path, **basic(service), HTTP_X_GATEWAY="1").status_code == 200


@pytest.mark.parametrize("path", [TOKEN, "/o/introspect/", "/o/revoke_token/"])
def test_a_validator_may_answer_in_the_place_of_ours(
    service: Any, settings: Any, path: str
) -> None:
    use(settings, OAUTH2_VALIDATOR_CLASS=OwnWord)
    assert ask(path, HTTP_X_APP=service.name).status_code == 200


class Credulous(IdpValidator):
    """Says yes, and names nobody."""

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        return True


@pytest.mark.parametrize("body", [{"client": "web"}, {}])
def test_a_parameter_is_never_taken_for_the_client(
    settings: Any, rf: Any, body: dict[str, str]
) -> None:
    use(settings, OAUTH2_VALIDATOR_CLASS=Credulous)
    # A view of the toolkit's own, before which no gate stands.
    request = rf.post("/o/introspect/?client=web", body)
    client, failure = core_of().authenticate(request)
    assert client is None
    assert failure[2] == 401
