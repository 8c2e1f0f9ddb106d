"""Lists that are paged by where the page before ended, so that the last page costs as the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from idp.admin.base import DeskChangeList, RecordAdmin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

CURSOR = "before"
"""The parameter that holds the time and key of the row after which a page begins."""


class KeysetChangeList(DeskChangeList):
    """A list by time, newest first, that leads from each page to the older rows."""

    older: str = ""
    newest: str = ""

    def get_filters_params(self, params: Any = None) -> Any:
        """Return the parameters of filters, which the place in the list is none of."""
        found = super().get_filters_params(params)
        found.pop(CURSOR, None)
        return found

    def get_results(self, request: HttpRequest) -> None:
        """Read one page and the row behind it; nothing is counted."""
        desk: Any = self.model_admin
        field = desk.keyset_field
        cursor = _cursor(request.GET.get(CURSOR, ""))
        rows = self.queryset if cursor is None else _before(self.queryset, field, *cursor)
        found = list(rows[: self.list_per_page + 1])
        page = found[: self.list_per_page]
        self.result_list = page
        self.result_count = len(page)
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = bool(page)
        self.can_show_all = self.multi_page = False
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.page_num = 1
        if len(found) > len(page):
            at = getattr(page[-1], field)
            self.older = self.get_query_string({CURSOR: f"{at.isoformat()}~{page[-1].pk}"})
        if cursor is not None:
            self.newest = self.get_query_string(remove=[CURSOR])


class KeysetAdmin(RecordAdmin):
    """Records by time, newest first, as many as there are.

    Attributes:
        keyset_field: the time; with the key it is the order of the list, and indexed.
    """

    keyset_field = "at"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        """Return the list that pages by place."""
        return KeysetChangeList


def _cursor(text: str) -> tuple[Any, int] | None:
    """Return time and key of a row; None for the beginning and for what is no place."""
    moment, _mark, key = text.rpartition("~")
    try:
        at = parse_datetime(moment.replace(" ", "+"))
    except ValueError:
        return None
    if at is None or at.tzinfo is None or not key.isdecimal() or len(key) > 18:
        return None
    return at, int(key)


def _before(rows: QuerySet[Any], field: str, at: Any, key: int) -> QuerySet[Any]:
    """Return the rows behind a place; the first condition says it to the index once more."""
    behind = Q(**{f"{field}__lt": at}) | Q(**{field: at, "pk__lt": key})
    return rows.filter(**{f"{field}__lte": at}).filter(behind)
