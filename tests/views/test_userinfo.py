"""UserInfo: every way to ask, and the refusal that is specified for each that is none."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from tests.factories import make_application, make_scope, make_user
from tests.requirement import defect, requirement
from tests.views.flow import Flow, bearer, post
from tests.views.token_reader import read_token

pytestmark = pytest.mark.django_db

PATH = "/o/userinfo/"
ORIGIN = "https://app.example.com"


@pytest.fixture
def flow() -> Flow:
    make_scope("photos:read")
    application = make_application(
        "web", scopes=("openid", "email", "photos:read"), allowed_origins=ORIGIN
    )
    return Flow(application, make_user("ada", email="ada@example.com"))


def refused(response: Any, status: int, error: str) -> None:
    challenge = response["WWW-Authenticate"]
    assert response.status_code == status
    assert challenge.startswith("Bearer ")
    assert (f'error="{error}"' in challenge) if error else ("error" not in challenge)
    assert response["Cache-Control"] == "no-store"


@requirement("RFC 6750 §2.1", "The token comes in the header.")
@requirement("RFC 6750 §2.2", "Or in a form body.")
@requirement("RFC 6750 §2.3", "Never in the query.")
@requirement("RFC 6750 §2", "One way a request.")
@requirement("OpenID Connect Core §5.3.1", "UserInfo answers GET and POST.")
def test_a_token_is_taken_from_the_header_or_from_a_form_but_never_from_the_query(
    flow: Flow,
) -> None:
    token = flow.tokens("openid email")["access_token"]
    expected = {"sub": str(flow.user.pk), "email": "ada@example.com"}
    assert Browser().get(PATH, **bearer(token)).json() == expected
    assert Browser().post(PATH, **bearer(token)).json() == expected
    assert post(PATH, {"access_token": token}).json() == expected
    refused(Browser().get(f"{PATH}?access_token={token}"), 401, "")
    refused(post(PATH, {"access_token": token}, **bearer(token)), 400, "invalid_request")
    refused(post(PATH, {"access_token": [token, token]}), 400, "invalid_request")


@defect(8)
@defect(9)
@defect(15)
@requirement("OpenID Connect Core §5.3.3", "Refusals are those of bearer tokens.")
@requirement("RFC 6750 §3.1", "invalid_token is 401, insufficient_scope 403.")
@requirement("RFC 6750 §3", "Without a token the challenge names no error.")
def test_what_is_no_token_of_a_user_for_openid_is_refused(flow: Flow) -> None:
    service = Flow(make_application("service", scopes=("photos:read",)))
    own = service.token(grant_type="client_credentials", scope="photos:read").json()
    refused(Browser().get(PATH, **bearer(own["access_token"])), 401, "invalid_token")
    other = flow.tokens("photos:read")
    response = Browser().get(PATH, **bearer(other["access_token"]))
    refused(response, 403, "insufficient_scope")
    assert 'scope="openid"' in response["WWW-Authenticate"]
    answer = flow.tokens()
    refused(Browser().get(PATH, **bearer(answer["id_token"])), 401, "invalid_token")
    refused(Browser().get(PATH), 401, "")
    flow.user.is_active = False
    flow.user.save()
    refused(Browser().get(PATH, **bearer(answer["access_token"])), 401, "invalid_token")


@defect(24)
@requirement("OpenID Connect Core §5.3", "Scripts of clients may ask (CORS).")
def test_a_script_of_a_registered_origin_may_ask_and_read_refusals(flow: Flow) -> None:
    asks = {"origin": ORIGIN, "access-control-request-headers": "authorization"}
    preflight = Browser().options(PATH, headers=asks)
    assert preflight["Access-Control-Allow-Origin"] == ORIGIN
    assert "Authorization" in preflight["Access-Control-Allow-Headers"]
    told = Browser().get(PATH, headers={"origin": ORIGIN})
    refused(told, 401, "")
    assert told["Access-Control-Allow-Origin"] == ORIGIN
    assert "WWW-Authenticate" in told["Access-Control-Expose-Headers"]
    stranger = Browser().get(PATH, headers={"origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in stranger


@requirement(
    "OpenID Connect Core §5.3.2",
    "A signed answer has iss and aud, and the media type application/jwt.",
)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_claims_are_signed_for_a_client_that_registered_for_it(algorithm: str) -> None:
    application = make_application(
        "web", scopes=("openid", "email"), userinfo_signed_response_alg=algorithm
    )
    flow = Flow(application, make_user("ada", email="ada@example.com"))
    token = flow.tokens("openid email")["access_token"]
    response = Browser().get(PATH, **bearer(token))
    assert response["Content-Type"] == "application/jwt"
    header, claims = read_token(response.content.decode())
    assert (header["alg"], bool(header["kid"])) == (algorithm, True)
    assert claims == {
        "iss": "http://127.0.0.1:8000/o",
        "aud": application.client_id,
        "sub": str(flow.user.pk),
        "email": "ada@example.com",
    }
    refused(Browser().get(PATH, **bearer(response.content.decode())), 401, "invalid_token")
