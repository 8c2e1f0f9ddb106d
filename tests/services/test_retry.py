"""What a database turned down is tried again, and what it accepted never is."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, transaction

from idp.services.retry import ATTEMPTS, in_transaction
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


class Refusal(Exception):
    """What the driver says, as far as it is looked at."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def refuse(sqlstate: str) -> None:
    raise OperationalError("refused") from Refusal(sqlstate)


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_work_that_lost_against_another_is_tried_again(
    sqlstate: str, django_user_model: Any
) -> None:
    attempts = []

    def work() -> str:
        attempts.append(1)
        make_user(f"ada-{len(attempts)}")
        if len(attempts) < ATTEMPTS:
            refuse(sqlstate)
        return "done"

    assert in_transaction(work) == "done"
    assert [user.username for user in django_user_model.objects.all()] == [f"ada-{ATTEMPTS}"]


@pytest.mark.parametrize(("sqlstate", "expected"), [("40001", ATTEMPTS), ("55P03", 1)])
def test_what_goes_on_failing_or_fails_otherwise_is_told(sqlstate: str, expected: int) -> None:
    attempts = []

    def work() -> None:
        attempts.append(1)
        refuse(sqlstate)

    with pytest.raises(OperationalError):
        in_transaction(work)
    assert len(attempts) == expected


def test_work_that_was_committed_is_not_done_twice(django_user_model: Any) -> None:
    attempts = []

    def work() -> None:
        attempts.append(1)
        make_user(f"ada-{len(attempts)}")
        transaction.on_commit(lambda: refuse("40001"))

    with pytest.raises(OperationalError):
        in_transaction(work)
    assert [user.username for user in django_user_model.objects.all()] == ["ada-1"]
