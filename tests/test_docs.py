"""The documentation names what exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from idp.conf import IdpSettings
from idp.management.verbs import VERBS
from tests.defects import DEFECTS
from tools import conformance, findings, roles

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize("key", sorted(IdpSettings.DEFAULTS))
def test_every_setting_is_documented(key: str) -> None:
    assert f"`{key}`" in (DOCS / "reference" / "settings.md").read_text()


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_is_documented(verb: str) -> None:
    assert f"`{verb}" in (DOCS / "reference" / "commands.md").read_text()


def test_the_roles_are_documented_as_they_are() -> None:
    assert (DOCS / "reference" / "roles.md").read_text() == roles.table()


def test_every_defect_of_the_toolkit_has_a_test_that_fails_without_its_remedy() -> None:
    proven = {proof.arguments[0] for proof in conformance.proofs() if proof.mark == "defect"}
    assert proven == set(DEFECTS)


def test_the_tables_of_what_is_proven_are_up_to_date() -> None:
    assert conformance.is_current(), "make docs"


def test_every_finding_is_documented_as_the_doctor_says_it() -> None:
    assert findings.PAGE.read_text() == findings.page()
