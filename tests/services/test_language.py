"""Times as people of each language write them."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.utils import translation
from django.utils.formats import date_format

from idp.services.language import written_time


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_a_time_has_the_order_of_its_language(now: datetime, language: str) -> None:
    with translation.override(language):
        words = written_time(now)
        assert words.startswith(date_format(now, "DATE_FORMAT"))
        assert words.endswith(date_format(now, "TIME_FORMAT"))
