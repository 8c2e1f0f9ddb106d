"""What a row has to say against itself is a reason like any other: English until it is shown."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from idp.domain.decision import Reason
from idp.models import ClientPolicy, ScopeText
from idp.services.change import model_faults
from idp.views.http import translated
from tests.factories import make_application, make_scope

pytestmark = pytest.mark.django_db

URL = "Enter a valid URL."


def faults() -> dict[str, Reason]:
    application = make_application()
    policy = ClientPolicy(application=application, client_uri="nowhere")
    found = dict(model_faults(policy))
    longest = ScopeText._meta.get_field("title").max_length
    title = ScopeText(scope=make_scope(), language="fr", title="x" * (longest + 1))
    return found | dict(model_faults(title))


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_it_is_said_in_english_whoever_asks(language: str) -> None:
    with override(language):
        found = faults()
    assert found["client_uri"].message == URL
    assert found["title"].message.startswith("Ensure this value has at most ")


def test_people_read_it_in_their_language() -> None:
    reason = faults()["client_uri"]
    with override("de"):
        assert translated(reason) == "Gib eine gültige URL ein."
