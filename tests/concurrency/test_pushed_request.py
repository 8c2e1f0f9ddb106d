"""One pushed request in several tabs at once, on PostgreSQL: at most one code."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from idp.models import Authorization, AuthorizationRequest
from idp.services.authorization_request import claim_request
from tests.concurrency.race import THREADS, at_once
from tests.factories import grant, make_application, make_user
from tests.requirement import requirement
from tests.thorough import THOROUGH
from tests.views.flow import Flow
from tests.views.test_pushed_request import bring, reference

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 4 if THOROUGH else 2


@pytest.fixture
def flow() -> Flow:
    return Flow(make_application("web", scopes=("openid",)), make_user())


def codes(responses: list[Any]) -> int:
    """Return how many answers carry a code; the others must be pages that say why not."""
    found = [response for response in responses if "code=" in response.get("Location", "")]
    assert {response.status_code for response in responses if response not in found} <= {400}
    return len(found)


@requirement("RFC 9126 §7.3", "A reference gives one code under any concurrency.")
def test_eight_pages_of_one_pushed_request_that_are_allowed_at_once_give_one_code(
    flow: Flow,
) -> None:
    for number in range(1, ROUNDS + 1):
        uri = reference(flow, prompt="consent")
        pages = [bring(flow, uri) for _ in range(THREADS)]
        answers = at_once(*[partial(flow.decide, page) for page in pages])
        assert codes(answers) == 1
        assert Authorization.objects.count() == number


def test_a_pushed_request_that_a_remembered_consent_answers_gives_one_code(flow: Flow) -> None:
    grant(flow.user, flow.application, "openid")
    for number in range(1, ROUNDS + 1):
        uri = reference(flow)
        answers = at_once(*[partial(bring, flow, uri)] * THREADS)
        assert codes(answers) == 1
        assert Authorization.objects.count() == number


def test_a_page_that_loses_leaves_itself_unanswered(flow: Flow) -> None:
    uri = reference(flow)
    for _ in range(2):
        bring(flow, uri)
    first, second = AuthorizationRequest.objects.filter(pushed=False).select_related("origin")
    at = first.created_at
    results = at_once(*[partial(claim_request, row, "allow", at) for row in (first, second)])
    assert sorted(results) == [False, True]
    assert AuthorizationRequest.objects.filter(used_at=None).count() == 1
