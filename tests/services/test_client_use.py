"""When a client was last used, as its page and the list of idle ones say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from idp.models import ClientPolicy
from tests.factories import make_application, make_scope, make_user
from tests.views.flow import Flow, basic, post

pytestmark = pytest.mark.django_db


def last_used() -> Any:
    return ClientPolicy.objects.get().last_used_at


@pytest.mark.django_db(transaction=True)
def test_a_client_that_proves_who_it_is_was_used(clock: Any, now: Any) -> None:
    make_scope("reports:read")
    service = Flow(make_application("service", scopes=("reports:read",)))
    assert last_used() is None
    service.token(grant_type="client_credentials", scope="reports:read")
    assert last_used() == now
    clock.shift(3599)
    service.token(grant_type="client_credentials", scope="reports:read")
    assert last_used() == now
    clock.shift(1)
    post("/o/introspect/", {"token": "anything"}, **basic(service.application))
    assert last_used() == now + timedelta(hours=1)


def test_a_client_that_does_not_prove_who_it_is_was_not_used() -> None:
    application = make_application("service")
    post("/o/token/", {"grant_type": "client_credentials"}, **basic(application, "a guess"))
    assert last_used() is None


def test_a_public_client_was_used_when_it_got_tokens(
    clock: Any, now: Any, django_capture_on_commit_callbacks: Any
) -> None:
    flow = Flow(make_application("spa", scopes=("openid",)), make_user())
    code = flow.code()
    flow.exchange("a guess")
    assert last_used() is None
    with django_capture_on_commit_callbacks(execute=True):
        assert flow.exchange(code).status_code == 200
    assert last_used() == now
