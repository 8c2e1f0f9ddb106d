"""Forms that a service saves: its refusals become errors of the fields, its changes the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.base import DeskAdmin
from idp.admin.confirm import Question
from idp.services.change import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse

    from idp.services.change import FieldChange
    from idp.services.impact import Impact


class ImpactFound(Exception):
    """A change takes something from somebody, and the operator has not seen that yet."""

    def __init__(self, impact: Impact) -> None:
        super().__init__()
        self.impact = impact


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

    def impact(self, obj: Any, form: Any) -> Impact | None:
        """Return what saving would take from clients and users, or None."""
        return None

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Return the form; with the service's refusals, or with the impact before it is saved."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refused:
            request.desk_refused = refused.errors  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ImpactFound as found:
            return self._ask_impact(request, found.impact)

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
        impact = self.impact(form.instance, form) if change else None
        if impact is not None and impact.narrows and "_impact_seen" not in request.POST:
            raise ImpactFound(impact)
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

    def get_actions(self, request: HttpRequest) -> Any:
        """Return the actions, without deleting many at once: each has its own consequences."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return the rows alone: what else goes, and what forbids it, the service knows."""
        return (
            [str(obj) for obj in objs],
            {str(self.opts.verbose_name_plural): len(objs)},
            set(),
            [],
        )

    def _ask_impact(self, request: HttpRequest, impact: Impact) -> HttpResponse:
        question = Question(
            title=_("This change takes something away. Save it?"),
            sentences=(
                _(
                    "It applies from now on: at the next request, refresh and introspection of "
                    "each client."
                ),
                _("Nothing has been saved yet."),
                *(
                    ()
                    if impact.exact
                    else (_("Only the newest rows were looked at: every number is “at least”."),)
                ),
            ),
            button=_("Save"),
            counts=_counts(impact),
            examples=impact.examples,
            back=request.get_full_path(),
        )
        hidden = [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name != "csrfmiddlewaretoken"
        ]
        context = {
            "title": question.title,
            "question": question,
            "hidden": [*hidden, ("_impact_seen", "1")],
            "back": question.back,
        }
        return self.page(request, "admin/idp/confirm.html", context)


def _counts(impact: Impact) -> tuple[tuple[Any, int], ...]:
    return (
        (_("Clients that lose a scope"), impact.clients),
        (_("Users whose consent loses a scope"), impact.users),
        (_("Consents that lose a scope"), impact.consents),
        (_("Live authorizations under them"), impact.authorizations),
        (_("Consents that are asked again"), impact.asked_again),
    )


def change_message(changes: Iterable[FieldChange], *, add: bool = False) -> str:
    """Return changes as one readable text for Django's history."""
    parts = [f"{change.field}: {_short(change.old)} → {_short(change.new)}" for change in changes]
    return ("Added. " if add else "") + "; ".join(parts)


def _short(value: object) -> str:
    text = "–" if value in (None, "", []) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
