"""Counting that never scans a table of millions."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext

COUNT_LIMIT = 10_000
"""Rows that a list counts and pages through; whoever needs more filters."""

FAR = 1_000
"""From this many rows on, a page is read by its keys."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that counts to a limit and stops.

    A filter reaches any row; the ten-thousandth page reaches nobody, yet its count costs a scan.
    """

    @cached_property
    def count(self) -> int:
        """Return the number of rows, ``COUNT_LIMIT`` at most, in one bounded statement."""
        rows: Any = self.object_list
        number: int = rows.order_by().values("pk")[:COUNT_LIMIT].count()
        return number

    def page(self, number: int | str) -> Page[Any]:
        """Return a page; of a far one the keys are read first, and only then the rows with all.

        Else the database would join users and clients to thousands of rows and throw them away.
        """
        valid = self.validate_number(number)
        start = (valid - 1) * self.per_page
        if start < FAR:
            return super().page(valid)
        rows: Any = self.object_list
        keys = list(rows.values_list("pk", flat=True)[start : start + self.per_page])
        return Page(rows.filter(pk__in=keys), valid, self)


def bounded(number: int) -> str:
    """Return a number that was counted to ``COUNT_LIMIT`` at most, as it is shown."""
    return str(number) if number < COUNT_LIMIT else gettext("%(n)d or more") % {"n": COUNT_LIMIT}
