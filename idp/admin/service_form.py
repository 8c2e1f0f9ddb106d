"""Forms that a service saves: its refusals become errors of the fields, its changes the history."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.http import HttpResponseRedirect
from django.utils import timezone

from idp.admin import display
from idp.admin import impact as impact_page
from idp.admin.base import DeskAdmin
from idp.services.change import Refused, words
from idp.services.impact import impact_of, rehearse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse

    from idp.services.change import FieldChange
    from idp.services.impact import Future, Impact


class ImpactFound(Exception):
    """A change takes something from somebody, and the operator has not seen that yet."""

    def __init__(self, future: Future, impact: Impact) -> None:
        super().__init__()
        self.future, self.impact = future, impact


class ServiceAdmin(DeskAdmin):
    """A model admin that hands what was entered to a service.

    A subclass calls its service in ``store``; the service's ``Refused`` comes back to the form
    with every reason at its field, and nothing else that was entered is lost.
    """

    def store(
        self, request: HttpRequest, obj: Any, form: Any, formsets: Any
    ) -> Iterable[FieldChange]:
        """Call the service and return what changed."""
        raise NotImplementedError

    def may_take_away(self, form: Any) -> bool:
        """Return whether saving what was entered may take scopes from clients or users."""
        return False

    def swept(self, obj: Any) -> str:
        """Return the query of the page that takes away what is out there, for a saved row."""
        return ""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Return the form; with the service's refusals, or with the impact before it is saved."""
        try:
            answer = super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refused:
            request.desk_refused = refused.errors  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ImpactFound as found:
            return impact_page.ask(self, request, found.future, found.impact)
        if object_id and answer.status_code == HTTPStatus.FOUND:
            return self._go_on(request, answer, object_id)
        return answer

    def _go_on(self, request: HttpRequest, answer: HttpResponse, object_id: str) -> HttpResponse:
        """Lead to what the operator chose to do next, once the change is saved."""
        if not impact_page.is_seen(request):
            return answer
        row = self.get_object(request, unquote(object_id))
        return impact_page.go_on(self, request, answer, self.swept(row) if row else "")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: Any = None, **kwargs: Any
    ) -> Any:
        """Return the form class, which knows what the service refused a moment ago."""
        base = super().get_form(request, obj, change=change, **kwargs)
        refused = getattr(request, "desk_refused", ())

        class Form(base):  # type: ignore[misc, valid-type]
            def clean(self) -> Any:
                cleaned = super().clean()
                for key, reason in refused:
                    words = display.sentence(reason)
                    self.add_error(key if key in self.fields else None, words)
                return cleaned

        return Form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Do nothing yet: ``save_related`` stores the row with what belongs to it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Store everything at once through the service, unless its impact has to be seen first."""
        if change and self.may_take_away(form) and not impact_page.is_seen(request):
            self._show_impact(request, form, formsets)
        changes = list(self.store(request, form.instance, form, formsets))
        request.desk_changes = changes  # type: ignore[attr-defined]

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: Any = None
    ) -> Any:
        """Return what the history says: the fields that the service changed, old and new."""
        return change_message(getattr(request, "desk_changes", ()), add=add)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Return the page that asks; a service's refusal is told, and nothing is deleted."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refused as refused:
            for _key, reason in refused.errors:
                messages.error(request, display.sentence(reason))
            return HttpResponseRedirect("../change/")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return the rows alone: what else goes, and what forbids it, the service knows."""
        return (
            [str(obj) for obj in objs],
            {str(self.opts.verbose_name_plural): len(objs)},
            set(),
            [],
        )

    def _show_impact(self, request: HttpRequest, form: Any, formsets: Any) -> None:
        """Raise what saving would take away, if it takes anything."""
        future = rehearse(lambda: list(self.store(request, form.instance, form, formsets)))
        impact = impact_of(future, now=timezone.now())
        if impact.narrows:
            raise ImpactFound(future, impact)


def change_message(changes: Iterable[FieldChange], *, add: bool = False) -> str:
    """Return changes as one readable text for Django's history."""
    parts = [f"{change.field}: {_short(change.old)} → {_short(change.new)}" for change in changes]
    return ("Added. " if add else "") + "; ".join(parts)


def _short(value: object) -> str:
    text = words(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
