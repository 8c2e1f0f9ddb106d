"""Guessing secrets at the token endpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from idp.conf import application_model
from idp.models import ClientSecret, SecurityEvent
from idp.services import client_secret_value
from idp.services.client_throttle import PAIR_LIMIT
from tests.factories import make_application
from tests.requirement import defect, requirement
from tests.views.flow import basic, post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

GRANT = {"grant_type": "client_credentials", "scope": "reports:read"}


def make_client(secret: str | None = None) -> Any:
    return make_application("service", scopes=("reports:read",), secret=secret)


def ask(application: Any, secret: str | None = None, path: str = "token") -> Any:
    return post(f"/o/{path}/", GRANT, **basic(application, secret))


def statements(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def with_slow_hash(application: Any, secret: str) -> Any:
    """Give a client a secret in the toolkit's own column, as an older site has it."""
    ClientSecret.objects.filter(application=application).delete()
    application.client_secret = secret
    application.hash_client_secret = True
    application.save()
    application.plain_secret = secret
    return application


@defect(20)
@requirement("RFC 6749 §2.3.1", "Guessing secrets is stopped.")
def test_guesses_are_answered_with_429_and_cost_no_statement() -> None:
    application = make_client()
    wrong = [ask(application, f"guess-{number}") for number in range(PAIR_LIMIT)]
    assert {response.status_code for response in wrong} == {401}
    for path in ("token", "introspect", "revoke_token"):
        response = ask(application, "guess", path)
        assert response.status_code == 429
        assert response.json()["error"] == "invalid_client"
        assert response["Retry-After"] == "60"
        assert response["Cache-Control"] == "no-store"
        assert "WWW-Authenticate" not in response
    assert statements(lambda: ask(application, "guess")) == 0
    assert ask(application).status_code == 200  # the right client, from the same address


def test_guesses_of_many_are_one_record() -> None:
    application = make_client()
    for number in range(PAIR_LIMIT + 5):
        ask(application, f"guess-{number}")
    event = SecurityEvent.objects.get(kind="client.authentication_failed")
    assert event.count == PAIR_LIMIT


def test_a_chosen_secret_that_worked_works_among_guesses() -> None:
    application = make_client("chosen by somebody, once")
    assert ask(application).status_code == 200
    for number in range(PAIR_LIMIT):
        ask(application, f"guess-{number}")
    assert ask(application, "guess").status_code == 429
    assert ask(application).status_code == 200


@defect(20)
def test_unknown_clients_and_wrong_secrets_cost_the_same_statements() -> None:
    application, nobody = make_client(), make_client()
    nobody.delete()
    for each in (application, nobody):
        ask(each, "wrong")  # the first writes a record, those after it count
    assert statements(lambda: ask(application, "wrong")) == statements(lambda: ask(nobody, "wrong"))


@defect(20)
def test_more_slow_hashes_than_processors_are_not_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    application = with_slow_hash(make_client(), "an old secret")
    monkeypatch.setattr(client_secret_value, "SLOW_WAIT_SECONDS", 0.01)
    held = [client_secret_value._slow.acquire() for _ in range(client_secret_value.MAX_SLOW)]
    try:
        assert ask(application).status_code == 429
        assert ask(application)["Retry-After"] == "1"
        assert ask(make_client()).status_code == 200  # who has no slow hash does not wait
    finally:
        for _ in held:
            client_secret_value._slow.release()
    assert ask(application).status_code == 200


def test_a_slow_hash_is_computed_for_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for the right one of a client with an old one, nor for one made up to pass."""
    application = with_slow_hash(make_client(), "an old secret")
    asked: list[str] = []
    real = client_secret_value.check_password

    def counted(presented: str, stored: str) -> bool:
        asked.append(presented)
        return bool(real(presented, stored))

    monkeypatch.setattr(client_secret_value, "check_password", counted)
    from idp.services.client_secret import issue_client_secret

    _row, fresh = issue_client_secret(
        application_model().objects.get(pk=application.pk), label="new"
    )
    assert ask(application, fresh).status_code == 200
    assert ask(application, client_secret_value.generate()).status_code == 401
    assert not asked
    assert ask(application, "an old secret").status_code == 200
    assert ask(application, "an old secret").status_code == 200
    assert asked == ["an old secret"]
