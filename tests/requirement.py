"""Which sentence of a specification, and which defect of the toolkit, a test proves.

``python -m tools.conformance`` (part of ``make docs``) reads these marks from the sources of the
tests and writes the tables of ``docs/reference/conformance.md`` and ``toolkit.md``.
"""

from __future__ import annotations

import pytest


def requirement(source: str, sentence: str) -> pytest.MarkDecorator:
    """Mark a test as the proof of one requirement.

    Args:
        source: specification and section, such as ``RFC 6749 §4.1.2``.
        sentence: what is required, in our own words.
    """
    return pytest.mark.requirement(source, sentence)


def defect(number: int) -> pytest.MarkDecorator:
    """Mark a test as failing without our remedy of a defect of the toolkit.

    Args:
        number: of the row in ``tests.defects``.
    """
    return pytest.mark.defect(number)
