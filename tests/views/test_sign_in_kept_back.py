"""Requests that come without the cookie of a browser that is signed in all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.utils import timezone

from idp.models import SignIn
from tests.factories import grant, make_application, make_user
from tests.requirement import defect, requirement
from tests.views.flow import Flow, location, query
from tests.views.token_reader import id_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def known() -> Flow:
    application, user = make_application("web", scopes=("openid",)), make_user("ada")
    grant(user, application, "openid")
    flow = Flow(application, user)
    SignIn.objects.update(at=timezone.now() - timedelta(seconds=5))
    return flow


def sent_without_session(flow: Flow, method: str, **changes: Any) -> Any:
    """Send an authorization request as the form or the link of another site would."""
    held = flow.browser.cookies.pop(settings.SESSION_COOKIE_NAME)
    if method == "GET":
        response = flow.start(**changes)
    else:
        body = urlencode(flow.parameters(**changes))
        form = "application/x-www-form-urlencoded"
        response = flow.browser.post("/o/authorize/", body, content_type=form)
    flow.browser.cookies[settings.SESSION_COOKIE_NAME] = held.value
    return response


def waiting(response: Any) -> str:
    """Return where a request that waits goes on, whether it was sent to the sign-in page or not."""
    following: str = query(response["Location"]).get("next", [response["Location"]])[0]
    return following


@defect(13)
@requirement(
    "OpenID Connect Core §3.1.2.3",
    "A sign-in older than the request is no new one, also where the browser kept it back.",
)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("asked", [{"prompt": "login"}, {"max_age": "1"}, {"max_age": "0"}])
def test_a_sign_in_that_was_kept_back_is_no_new_one(
    known: Flow, method: str, asked: dict[str, str]
) -> None:
    response = sent_without_session(known, method, **asked)
    response = known.browser.get(waiting(response))
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/"), "no code without a new sign-in"
    known.browser.force_login(known.user, "django.contrib.auth.backends.ModelBackend")
    answer = known.exchange(location(known.browser.get(waiting(response)))["code"]).json()
    assert id_token(answer)["auth_time"] == int(SignIn.objects.latest("at").at.timestamp())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_account_is_chosen_also_where_the_sign_in_was_kept_back(
    known: Flow, method: str
) -> None:
    response = sent_without_session(known, method, prompt="select_account")
    page = known.browser.get(waiting(response))
    assert page.status_code == 200
    assert b"authorize/select/" in page.content


@requirement(
    "OpenID Connect Core §3.1.2.1",
    "A request that another site's form posts meets the session of the browser.",
)
@pytest.mark.parametrize("asked", [{}, {"prompt": "none"}])
def test_a_posted_request_meets_the_session_of_the_browser(
    known: Flow, asked: dict[str, str]
) -> None:
    response = sent_without_session(known, "POST", **asked)
    assert response.status_code == 303
    assert "no-store" in response["Cache-Control"]
    assert "code" in location(known.browser.get(response["Location"]))
