"""Filters that ask for a text instead of listing every value of a big table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from idp.admin.party import client_keys, user_named
from idp.domain.address import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.admin.views.main import ChangeList
    from django.db.models import QuerySet
    from django.http import HttpRequest


class TextFilter(admin.SimpleListFilter):
    """A filter with one text field.

    Attributes:
        hint: what the field takes, for the reader.
        lookup: the look-up that the text answers, where that is all there is to it.
    """

    template = "admin/idp/text_filter.html"
    hint: Any = ""
    lookup: str = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return one choice, so that the filter is shown; the template draws the field instead."""
        return [("", "")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Return what the template needs: the present value, and the other parameters to keep."""
        yield {
            "selected": self.value() is None,
            "name": self.parameter_name,
            "value": self.value() or "",
            "hint": self.hint,
            "remove": changelist.get_query_string(remove=[str(self.parameter_name)]),
            "others": [
                (name, value)
                for name, values in changelist.params.items()
                if name not in (self.parameter_name, "p", "e", "before")
                for value in (values if isinstance(values, list) else [values])
            ],
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that answer to the text; all for none."""
        text = (self.value() or "").strip().replace("\0", "")
        return self.apply(queryset, text) if text else queryset

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the rows that answer to a text that is not empty."""
        return queryset.filter(**{self.lookup: text})


class ClientFilter(TextFilter):
    """Rows of the clients with a name or identifier."""

    title = _("client")
    parameter_name = "client"
    hint = _("name or client id")

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the rows of the client with this very id, or of those with such a name."""
        return queryset.filter(application__in=client_keys(text))


class ClientIdFilter(TextFilter):
    """Rows that keep the client's identifier as text."""

    title = _("client id")
    parameter_name = "client"
    hint = _("full client id")
    lookup = "client_id"


class UserFilter(TextFilter):
    """Rows of one user."""

    title = _("user")
    parameter_name = "user"
    hint = _("sign-in name, address or id")

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the rows of this user."""
        user = user_named(text)
        return queryset.none() if user is None else queryset.filter(user=user.pk)


class AddressFilter(TextFilter):
    """Rows that came from one address."""

    title = _("address")
    parameter_name = "address"
    hint = _("IP address")

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the rows with this address; none for a text that is no address."""
        address = plain(text)
        return queryset.filter(address=address) if address else queryset.none()
