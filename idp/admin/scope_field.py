"""The field for a client's scopes: each required, optional or not at all, and by default or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django import forms
from django.utils.translation import get_language, gettext

from idp.models import ClientScope, Scope
from idp.services.catalogue import words
from idp.services.client_scope import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping


class Row(NamedTuple):
    """One scope as the widget draws it."""

    name: str
    title: str
    api: str
    policy: str
    sensitivity: str
    note: str


def scope_rows(present: Mapping[str, Choice] | None = None) -> list[Row]:
    """Return every scope that a client may be registered for, by API, with words for people."""
    titles = words(get_language() or "en")
    rows = []
    for scope in Scope.objects.select_related("api", "policy").order_by("api__name", "name"):
        if not scope.active and scope.name not in (present or {}):
            continue
        known = titles.get(scope.name)
        policy = scope.policy
        rows.append(
            Row(
                scope.name,
                known.title if known else "",
                scope.api.name,
                policy.name if policy else "",
                policy.sensitivity if policy else "",
                _note(scope),
            )
        )
    return rows


def _note(scope: Scope) -> str:
    if not scope.active:
        return gettext("Retired")
    clients = scope.policy.clients if scope.policy else ""
    return {
        "approved": gettext("Waits for an approval"),
        "verified": gettext("Verified clients only"),
        "first_party": gettext("The site's own clients only"),
    }.get(clients, "")


class ScopesWidget(forms.Widget):
    """A table with one row a scope; the script adds a field that filters it."""

    template_name = "admin/idp/scopes.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.rows: list[Row] = []

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return what the template needs: the rows with what is chosen."""
        chosen: Mapping[str, Choice] = value or {}
        context = super().get_context(name, value, attrs)
        rows = [{"row": row, "choice": chosen.get(row.name)} for row in self.rows]
        return {**context, "rows": rows, "states": ClientScope.State.choices}

    def value_from_datadict(
        self, data: Mapping[str, Any], files: Any, name: str
    ) -> dict[str, Choice]:
        """Return what was chosen, of the scopes that exist."""
        return {
            row.name: Choice(
                data[f"{name}:{row.name}"], bool(data.get(f"{name}-default:{row.name}"))
            )
            for row in self.rows
            if data.get(f"{name}:{row.name}") in ClientScope.Requirement.values
        }

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return False: nothing chosen is an answer."""
        return False

    def id_for_label(self, id_: str) -> str:
        """Return nothing: the table has its own caption."""
        return ""


class ScopesField(forms.Field):
    """The scopes of a client: name to choice."""

    widget = ScopesWidget

    def load(self, present: Mapping[str, Choice] | None = None) -> None:
        """Read the scopes that can be chosen."""
        self.widget.rows = scope_rows(present)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether another choice was made."""
        return dict(initial or {}) != dict(data or {})
