"""The sample API does what its published description says, whatever is sent to it."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)

from project.wsgi import application
from tests.factories import make_scope, make_user
from tests.project.test_api import SCOPES, photo, token
from tests.views.test_fuzz import FUZZED

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.first,
    pytest.mark.usefixtures("connection_stays_open"),
]

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
"""The rest of Schemathesis' checks want every refusal described, which no reader needs."""


@pytest.fixture
def headers(settings: Any) -> dict[str, dict[str, str]]:
    """The headers of a person's token, and of a client's in its own name."""
    make_scope("reports:read")
    for name in SCOPES:
        make_scope(name)
    ada = make_user("ada")
    photo(ada, "Sea")
    return {
        "person": token(ada, *SCOPES),
        "service": token(None, "reports:read", value="b-token"),
        "nobody": {},
    }


def answers_of(operation: Any, headers: dict[str, dict[str, str]]) -> set[int]:
    """Try an operation as different senders; return the statuses that were seen."""
    seen: set[int] = set()

    @settings(FUZZED, max_examples=max(12, FUZZED.max_examples // 8))
    @given(case=operation.as_strategy(), sender=st.sampled_from(sorted(headers)))
    def attempt(case: Any, sender: str) -> None:
        response = case.call(headers=headers[sender])
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    attempt()
    return seen


def test_the_api_answers_as_it_is_described(headers: dict[str, dict[str, str]]) -> None:
    described = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    found = [result.ok() for result in described.get_all_operations()]
    seen = {operation.label: answers_of(operation, headers) for operation in found}
    reached = {label for label, statuses in seen.items() if statuses & {200, 201, 204}}
    assert reached >= {"GET /api/photos/", "POST /api/photos/", "GET /api/reports/"}, seen
    assert all(401 in statuses for statuses in seen.values()), seen
