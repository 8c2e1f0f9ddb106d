"""When a client was last used, as its page and the list of idle ones say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from idp.models import Authorization, ClientPolicy
from tests.factories import make_application, make_scope, make_user
from tests.views.flow import Flow, basic, post

pytestmark = pytest.mark.django_db(transaction=True)


def last_used() -> Any:
    return ClientPolicy.objects.get().last_used_at


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


def test_a_public_client_was_used_when_it_got_tokens(clock: Any, now: Any) -> None:
    flow = Flow(make_application("spa", scopes=("openid",)), make_user())
    code = flow.code()
    flow.exchange("a guess")
    assert last_used() is None
    assert flow.exchange(code).status_code == 200
    assert last_used() == now


@pytest.mark.postgres
def test_a_note_that_cannot_be_written_takes_nothing_from_the_client(caplog: Any) -> None:
    flow = Flow(make_application("spa", scopes=("openid",)), make_user())
    code = flow.code()
    known = {**connection.get_connection_params(), "cursor_factory": None}
    with psycopg.connect(**known) as other, connection.cursor() as cursor:
        other.execute("SELECT 1 FROM idp_clientpolicy FOR UPDATE")
        cursor.execute("SET lock_timeout = '200ms'")
        answer = flow.exchange(code)
        cursor.execute("RESET lock_timeout")
    assert answer.status_code == 200
    assert last_used() is None
    assert Authorization.objects.get().ended_at is None
    assert "lock timeout" in caplog.text
