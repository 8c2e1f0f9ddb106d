"""Why a client gets a scope or not: the decision with every rule in order and what it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.field import GRANT_TYPES
from idp.conf import application_model
from idp.domain.scope import InvalidScope, parse
from idp.models import ClientScope, Consent
from idp.services.client import client_of
from idp.services.explanation import explain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from idp.admin.base import DeskAdmin
    from idp.domain.resolution import Resolution
    from idp.services.explanation import Explanation

TONES = {"pass": "good", "skip": "plain", "refuse": "danger", "needs": "warn"}


class Chooser(AutocompleteSelect):
    """Django's searching field, which a broken value in the address does not upset."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        """Return the chosen row as an option; none for a value that no key can have."""
        try:
            return super().optgroups(name, value, attrs)
        except (OverflowError, ValidationError, ValueError):
            return super().optgroups(name, [], attrs)


class ExplainForm(forms.Form):
    """A client, a user, scopes and a grant type."""

    client: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        queryset=None, label=_("Client"), help_text=_("Whose request it is.")
    )
    user: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        queryset=None,
        label=_("User"),
        required=False,
        help_text=_("Empty: nobody, or the client in its own name."),
    )
    scope = forms.CharField(
        label=_("Scopes"),
        required=False,
        max_length=2000,
        widget=forms.TextInput({"class": "vLargeTextField", "spellcheck": "false"}),
        help_text=_("Separated by one space, as in a request; empty for the defaults."),
    )
    grant_type = forms.ChoiceField(
        label=_("Grant type"),
        choices=GRANT_TYPES,
        help_text=_("How the client asks; policies may allow only some ways."),
    )
    auth_age = forms.IntegerField(
        label=_("Signed in, seconds ago"),
        required=False,
        min_value=0,
        max_value=3_000_000_000,
        help_text=_("Empty: just now."),
    )
    acr = forms.CharField(
        label=_("Authentication context"),
        required=False,
        max_length=255,
        help_text=_("How strong the sign-in is (acr); empty: not said (RFC 9470)."),
    )

    def __init__(self, *args: Any, desk: DeskAdmin, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in (
            ("client", ClientScope._meta.get_field("application")),
            ("user", Consent._meta.get_field("user")),
        ):
            model = field.remote_field.model
            chooser = self.fields[name]
            chooser.queryset = model._default_manager.all()  # type: ignore[attr-defined]
            chooser.widget = _chooser(desk, model, field)
            if isinstance(chooser.widget, Chooser):
                chooser.widget.choices = chooser.choices  # type: ignore[attr-defined]

    def clean_scope(self) -> str:
        """Return the text, where it is a list of scopes."""
        text: str = self.cleaned_data["scope"]
        try:
            parse(text)
        except InvalidScope as error:
            raise forms.ValidationError(display.sentence(error.reason)) from error
        return text


def view(desk: DeskAdmin, request: HttpRequest) -> HttpResponse:
    """Explain the decision that the address asks for; nothing is recorded and nothing issued."""
    data = request.GET.copy()
    client_id = data.get("client_id")
    if client_id and not data.get("client"):
        row = (
            application_model()
            ._default_manager.filter(client_id=client_id.replace("\0", ""))
            .first()
        )
        data["client"] = str(row.pk) if row else ""
    data.setdefault("grant_type", "authorization_code")
    form = ExplainForm(data, desk=desk) if data.get("client") else ExplainForm(desk=desk)
    context: dict[str, Any] = {
        "title": _("Explain a decision"),
        "form": form,
        "media": desk.media + form.media,
    }
    if client_id and not data.get("client"):
        context["unknown"] = client_id[:255]
    if form.is_bound and form.is_valid():
        context |= _explained(form.cleaned_data)
    return desk.page(request, "admin/idp/explain.html", context)


def _explained(data: dict[str, Any]) -> dict[str, Any]:
    client = client_of(data["client"])
    explanation = explain(
        client,
        user=data["user"],
        requested=parse(data["scope"]) or None,
        grant_type=data["grant_type"],
        auth_age_seconds=data["auth_age"],
        acr=data["acr"],
        now=timezone.now(),
    )
    resolution = explanation.resolution
    return {
        "resolution": resolution,
        "enforces": explanation.enforced,
        "verdict": _verdict(explanation),
        "refused": _refused(resolution),
        "rules": _rules(resolution),
        "facts": _facts(explanation, data["client"], data["user"]),
    }


def _verdict(explanation: Explanation) -> tuple[str, str]:
    if explanation.error:
        return "danger", gettext("Refused with “%(error)s”.") % {"error": explanation.error}
    if explanation.resolution.refused:
        return "warn", gettext("Granted in part.")
    return "good", gettext("Granted.")


def _facts(explanation: Explanation, application: Any, user: Any) -> Any:
    resolution = explanation.resolution
    lives = resolution.lifetimes
    refresh = (
        display.span(lives.refresh, gettext("no end")) if lives.refreshable else gettext("none")
    )
    return display.facts(
        (
            (_("Client"), display.client_link(application)),
            (_("User"), display.user_link(user)),
            (_("Asked"), display.scope_links(sorted(resolution.asked))),
            (_("Granted"), display.codes(sorted(resolution.granted))),
            (_("The user is asked for"), display.codes(sorted(explanation.ask))),
            (
                _("Needs a fresher or stronger sign-in"),
                display.codes(sorted(resolution.needs_sign_in)),
            ),
            (_("Needs an approval"), display.codes(sorted(resolution.needs_approval))),
            (_("Access token lives"), display.span(lives.access)),
            (_("Refresh token lives"), refresh),
            (_("What the developer reads"), resolution.description or display.EMPTY),
        )
    )


def _refused(resolution: Resolution) -> Any:
    rows = ((display.codes([r.scope]), display.sentences([r.reason])) for r in resolution.refused)
    heads = (_("Scope"), _("Why not"))
    return display.table(_("Refused"), heads, rows, gettext("Nothing is refused."))


def _rules(resolution: Resolution) -> Any:
    rows = (
        (
            display.codes([step.scope]),
            step.rule.replace("_", " "),
            display.badge(step.outcome, TONES.get(str(step.outcome).split("_")[0], "plain")),
            step.saw,
        )
        for step in resolution.rules
    )
    heads = (_("Scope"), _("Rule"), _("Outcome"), _("What it saw"))
    return display.table(_("Rules in order"), heads, rows, gettext("No rule was asked."))


def _chooser(desk: DeskAdmin, model: Any, field: Any) -> forms.Widget:
    """Return a field that searches, where the site's admin can; else one for the key."""
    if (
        desk.admin_site.is_registered(model)
        and desk.admin_site.get_model_admin(model).search_fields
    ):
        return Chooser(field, desk.admin_site)
    shown = model._meta.pk.verbose_name if model is not get_user_model() else _("key of the user")
    return forms.TextInput({"placeholder": str(shown)})
