"""Trying a client out as a user: each decision, the page, and what its tokens would say."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import client_page, display
from idp.admin.party import user_named
from idp.domain.scope import InvalidScope, parse
from idp.dot.trial import Redeemed, run_trial
from idp.services.client import client_of, grant_types_of, policy_of
from idp.services.client_trial import Question, Step, Trial, record_trial
from idp.services.event import Origin
from idp.services.origin import origin_of
from idp.services.redirect_uri import registered_uris

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    from idp.admin.base import DeskAdmin

NONCE = "idp_try_form"
CODE = "authorization_code"
STEPS = {
    "client": _("Is the client known, switched on and registered for the code flow?"),
    "redirect_uri": _("May the answer go to this address?"),
    "client_scopes": _("What may this client ask for?"),
    "sign_in": _("Is the sign-in recent and strong enough?"),
    "user_scopes": _("What may this user give?"),
    "consent": _("What would the user be asked?"),
}


class TryForm(forms.Form):
    """A user, an address and scopes."""

    user = forms.CharField(
        label=_("User"),
        max_length=255,
        widget=forms.TextInput({"class": "vTextField", "autocomplete": "off"}),
        help_text=_("Sign-in name, exactly. What the client would learn of the user is shown."),
    )
    redirect_uri = forms.ChoiceField(
        label=_("Redirect URI"),
        help_text=_("One that is registered. Nothing is sent there: the code stays in here."),
    )
    scope = forms.CharField(
        label=_("Scopes"),
        required=False,
        max_length=2000,
        widget=forms.TextInput({"class": "vLargeTextField", "spellcheck": "false"}),
        help_text=_("Separated by one space, as in a request; empty for the defaults."),
    )
    auth_age = forms.IntegerField(
        label=_("Signed in, seconds ago"),
        required=False,
        min_value=0,
        max_value=3_000_000_000,
        help_text=_("Empty: just now, for this request."),
    )
    acr = forms.CharField(
        label=_("Authentication context"),
        required=False,
        max_length=255,
        help_text=_("How strong the sign-in is (acr); empty: not said (RFC 9470)."),
    )

    def __init__(self, *args: Any, uris: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(uri, uri) for uri in uris]
        self.fields["redirect_uri"].choices = choices  # type: ignore[attr-defined]

    def clean_user(self) -> Any:
        """Return the user with this name."""
        user = user_named(self.cleaned_data["user"].strip().replace("\0", ""))
        if user is None:
            raise forms.ValidationError(_("Nobody signs in under this name."))
        return user

    def clean_scope(self) -> frozenset[str] | None:
        """Return the scopes, or None for the defaults."""
        try:
            return parse(self.cleaned_data["scope"]) or None
        except InvalidScope as error:
            raise forms.ValidationError(display.sentence(error.reason)) from error


def fits(application: Any) -> bool:
    """Return whether a client takes part in the flow that can be tried."""
    return CODE in grant_types_of(application, policy_of(application))


def view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Ask what to try, then run it and show each step; the form works once."""
    desk.allow(permitted=desk.has(request, "try_client"))
    application = desk.row_or_404(request, object_id)
    desk.allow(permitted=desk.has_view_permission(request, application))
    if not fits(application):
        raise Http404
    form = TryForm(request.POST or None, uris=registered_uris(application))
    context: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        if not _is_new(request):
            messages.info(request, _("That was tried already; send the form again."))
            return HttpResponseRedirect(request.path)
        context = _tried(desk, request, application, form.cleaned_data)
    context |= {
        "title": _("Try it"),
        "application": application,
        "tabs": client_page.tabs(desk, request, application, ""),
        "form": form,
        "media": desk.media + form.media,
        "nonce": _fresh(request),
        "crumbs": [("../overview/", str(application))],
    }
    response = desk.page(request, "admin/idp/try_it.html", context)
    add_never_cache_headers(response)
    return response


def _tried(
    desk: DeskAdmin, request: HttpRequest, application: Any, data: dict[str, Any]
) -> dict[str, Any]:
    age = data["auth_age"]
    question = Question(
        client=client_of(application),
        user=data["user"],
        redirect_uri=data["redirect_uri"],
        scopes=data["scope"],
        auth_age=None if age is None else timedelta(seconds=age),
        acr=data["acr"],
        language=translation.get_language() or "en",
        now=timezone.now(),
    )
    trial, redeemed = run_trial(request, question)
    refused = redeemed is None or bool(redeemed.error)
    outcome = _outcome(trial, redeemed)
    origin: Origin = origin_of(request)
    record_trial(
        question.client, question.user, outcome=outcome, by=request.user, origin=origin,
        now=question.now,
    )  # fmt: skip
    desk.log_change(request, application, f"Tried out as {question.user}: {outcome}.")
    good, bad = gettext("The client gets its tokens."), gettext("The client gets nothing.")
    return {
        "verdict": ("danger", bad) if refused else ("good", good),
        "steps": [_step(step) for step in trial.steps],
        "preview": _preview(trial),
        "asks_nothing": trial.granted is not None and trial.document is None,
        "answer": _answer(redeemed) if redeemed else "",
        "claims": _claims(redeemed) if redeemed and not redeemed.error else (),
    }


def _outcome(trial: Trial, redeemed: Redeemed | None) -> str:
    if redeemed is not None:
        return redeemed.error or "granted"
    return f"refused at {trial.steps[-1].name}"


def _step(step: Step) -> dict[str, Any]:
    badge = (_("Goes on"), "good") if step.passed else (_("Ends here"), "danger")
    return {
        "words": STEPS[step.name],
        "badge": display.badge(*badge),
        "reasons": display.sentences(step.reasons) if step.reasons else "",
        "scopes": "" if step.scopes is None else display.codes(sorted(step.scopes)),
    }


def _preview(trial: Trial) -> SafeString | str:
    if trial.document is None:
        return ""
    drawn = render_to_string(
        "idp/partials/consent_document.html", {"document": trial.document, "read_only": True}
    )
    return format_html(
        '<div class="idp desk-paper"><article class="idp-sheet">{}</article></div>', drawn
    )


def _answer(redeemed: Redeemed) -> SafeString:
    if redeemed.error:
        return display.facts(
            (
                (_("Error"), display.codes([redeemed.error])),
                (_("What the developer reads"), redeemed.description or display.EMPTY),
            )
        )
    seconds = int(redeemed.answer.get("expires_in") or 0)
    refresh = display.moment(redeemed.refresh_until, gettext("no end"))
    return display.facts(
        (
            (_("Scopes"), display.codes(str(redeemed.answer.get("scope", "")).split())),
            (_("Access token lives"), display.span(timedelta(seconds=seconds))),
            (
                _("Refresh token lives until"),
                refresh if redeemed.has_refresh_token else gettext("none"),
            ),
        )
    )


def _claims(redeemed: Redeemed) -> tuple[tuple[Any, Any], ...]:
    heads = (_("Claim"), _("Value"))
    none = gettext("None: the scope “openid” was not granted.")
    return tuple(
        (words, display.table(words, heads, _rows(claims), none))
        for words, claims in (
            (_("What the ID token says"), redeemed.id_token),
            (_("What UserInfo tells"), redeemed.userinfo),
        )
    )


def _rows(claims: Any) -> list[tuple[object, object]]:
    return [(display.codes([name]), str(value)) for name, value in sorted(claims.items())]


def _fresh(request: HttpRequest) -> str:
    nonce = secrets.token_urlsafe(12)
    request.session[NONCE] = nonce
    return nonce


def _is_new(request: HttpRequest) -> bool:
    """Return whether the form comes from this session, for the first time."""
    expected = request.session.pop(NONCE, None)
    return bool(expected) and secrets.compare_digest(expected, request.POST.get("nonce", ""))
