"""Secrets of a client: issued and shown once, rotated with an overlap, revoked."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.admin import client_page, display, owner
from idp.admin.confirm import REASON_LENGTH, Question, ask, given_reason, is_confirmed
from idp.conf import idp_settings
from idp.models import ClientSecret
from idp.services.client_secret import (
    SecretError,
    issue_client_secret,
    revoke_client_secret,
    rotate_client_secret,
)
from idp.services.client_secret import live as live_secrets

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from idp.admin.base import DeskAdmin

NONCE = "idp_secret_form"
EXPIRES_SOON = timedelta(days=14)


class Made(NamedTuple):
    """A secret that was just made, and what the history says of it."""

    plain: str
    message: str


class IssueForm(forms.Form):
    """Another secret beside those that live."""

    label = forms.CharField(
        label=_("Label"),
        max_length=100,
        help_text=_("What it is for, so that somebody later knows what to end."),
    )
    lifetime = forms.TypedChoiceField(
        label=_("Ends after"),
        coerce=int,
        required=False,
        empty_value=None,
        choices=((0, _("never")), (30, _("30 days")), (90, _("90 days")), (365, _("one year"))),
        help_text=_("From then on the client must use another; the start page warns in time."),
    )


class RotateForm(forms.Form):
    """A new secret, while the old ones go on for a while."""

    label = forms.CharField(
        label=_("Label"),
        max_length=100,
        help_text=_("What it is for, so that somebody later knows what to end."),
    )
    overlap = forms.TypedChoiceField(
        label=_("The old ones work for another"),
        coerce=int,
        help_text=_("Long enough to hand the new one over; what runs now goes on meanwhile."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        help_text=_("Why now: a leak, somebody who left, the calendar. It is recorded."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = int(idp_settings.secret_rotation_overlap.total_seconds())
        spans = sorted({0, 3_600, 86_400, 604_800, usual})
        self.fields["overlap"].choices = [  # type: ignore[attr-defined]
            (span, display.span(timedelta(seconds=span)) if span else _("nothing: they end now"))
            for span in spans
        ]
        self.fields["overlap"].initial = usual


def view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Show the secrets without their values, and issue or rotate one."""
    application = desk.row_or_404(request, object_id)
    desk.allow(permitted=desk.has_view_permission(request, application))
    desk.allow(permitted=owner.may_see_secrets(desk, request, application))
    may = owner.may_rotate(desk, request, application)
    issue, rotate = IssueForm(prefix="issue"), RotateForm(prefix="rotate")
    if request.method == "POST":
        desk.allow(permitted=may)
        if not _is_new(request):
            messages.info(request, _("That was done already; the secret is shown only once."))
            return HttpResponseRedirect(request.path)
        issue, rotate, made = _act(request, application, issue, rotate)
        if made is not None:
            desk.log_change(request, application, made.message)
            return shown(desk, request, application, made.plain)
    now = timezone.now()
    rows = list(ClientSecret.objects.filter(application=application).select_related("created_by"))
    context = {
        "title": _("Secrets"),
        "application": application,
        "tabs": client_page.tabs(desk, request, application, "secrets"),
        "crumbs": [("../overview/", str(application))],
        "public": application.client_type == "public",
        "secrets": secret_table(rows, now, may=may),
        "some_live": bool(live_secrets(rows, now)),
        "may": may,
        "nonce": _fresh(request) if may else "",
        "forms": (
            (
                "rotate",
                _("Rotate"),
                _("Issue a new secret; the old ones go on for a while."),
                rotate,
            ),
            (
                "issue",
                _("Issue another"),
                _("Beside those that live, at most five at a time."),
                issue,
            ),
        ),
    }
    return desk.page(request, "admin/idp/client_secrets.html", context)


def shown(
    desk: DeskAdmin, request: HttpRequest, application: Any, plain: str, *, first: bool = False
) -> HttpResponse:
    """Return the one page that shows a secret; it is kept nowhere, so no reload shows it again."""
    context = {
        "title": _("The client is registered") if first else _("The new secret"),
        "application": application,
        "secret": plain,
        "first": first,
        "overview": display.object_url(application, "overview"),
        "crumbs": [(display.object_url(application, "overview"), str(application))],
    }
    response = desk.page(request, "admin/idp/client_secret_shown.html", context)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def revoke_view(desk: DeskAdmin, request: HttpRequest, object_id: str, secret: int) -> HttpResponse:
    """End a secret at once, after saying what stops."""
    application = desk.row_or_404(request, object_id)
    desk.allow(permitted=owner.may_rotate(desk, request, application))
    row = (
        ClientSecret.objects.select_related("application")
        .filter(application=application, pk=secret)
        .first()
    )
    if row is None:
        raise Http404
    question = Question(
        title=_("Revoke this secret?"),
        sentences=(
            _("Whatever still uses it is refused at its next request. This cannot be undone."),
            _("Last used: %(when)s.")
            % {"when": display.distance(row.last_used_at) if row.last_used_at else _("never")},
        ),
        button=_("Revoke"),
        examples=(f"{row} …{row.last_four}",),
        needs_reason=True,
        back=display.object_url(application, "secrets"),
    )
    if not is_confirmed(request, question):
        return ask(desk, request, question)
    try:
        revoke_client_secret(row, by=request.user, reason=given_reason(request))
    except SecretError as error:
        messages.error(request, display.sentence(error.reason))
    else:
        desk.log_change(request, application, f"Revoked the secret {row}: {given_reason(request)}")
        messages.success(request, _("The secret is revoked."))
    return HttpResponseRedirect(question.back)


def secret_table(rows: list[ClientSecret], now: datetime, *, may: bool) -> Any:
    """Return the secrets with label, last four characters, age, last use and end."""
    heads: list[Any] = [
        _("Label"),
        _("Ends in"),
        _("State"),
        _("Created"),
        _("By"),
        _("Last used"),
        _("Expires"),
        "",
    ]
    cells = (
        (
            row.label or display.EMPTY,
            display.codes([f"…{row.last_four}"]) if row.last_four else display.EMPTY,
            _state(row, now),
            display.moment(row.created_at),
            str(row.created_by or display.EMPTY),
            display.moment(row.last_used_at, str(_("never"))),
            display.moment(row.expires_at),
            display.ending_link(f"{row.pk}/revoke/", _("Revoke …"))
            if may and live_secrets([row], now)
            else "",
        )
        for row in rows
    )
    heads[-1] = _("Action")
    empty = _(
        "No secret was made here. One that the client had before still works; rotating replaces it."
    )
    return display.table(_("Secrets of the client"), heads, cells, str(empty))


def _state(row: ClientSecret, now: datetime) -> Any:
    if row.revoked_at is not None:
        return display.badge(_("Revoked"), "danger")
    if row.expires_at is not None and row.expires_at <= now:
        return display.badge(_("Expired"))
    if row.expires_at is not None and row.expires_at <= now + EXPIRES_SOON:
        return display.badge(_("Ends soon"), "warn")
    return display.badge(_("Live"), "good")


def _act(
    request: HttpRequest, application: Any, issue: IssueForm, rotate: RotateForm
) -> tuple[IssueForm, RotateForm, Made | None]:
    form: Any
    if request.POST.get("do") == "rotate":
        form = rotate = RotateForm(request.POST, prefix="rotate")
    else:
        form = issue = IssueForm(request.POST, prefix="issue")
    if not form.is_valid():
        return issue, rotate, None
    data, now = form.cleaned_data, timezone.now()
    try:
        if form is rotate:
            overlap = timedelta(seconds=data["overlap"])
            row, plain = rotate_client_secret(
                application,
                label=data["label"],
                overlap=overlap,
                by=request.user,
                reason=data["reason"],
                now=now,
            )
            ends = f"all others end by {now + overlap:%Y-%m-%d %H:%M} UTC"
            said = f"Rotated to the secret {row}, {ends}: {data['reason']}"
        else:
            end = now + timedelta(days=data["lifetime"]) if data["lifetime"] else None
            row, plain = issue_client_secret(
                application, label=data["label"], expires_at=end, by=request.user, now=now
            )
            said = f"Issued the secret {row}, until {end:%Y-%m-%d}" if end else f"Issued {row}"
    except SecretError as error:
        form.add_error(None, display.sentence(error.reason))
        return issue, rotate, None
    return issue, rotate, Made(plain, said)


def _fresh(request: HttpRequest) -> str:
    nonce = secrets.token_urlsafe(12)
    request.session[NONCE] = nonce
    return nonce


def _is_new(request: HttpRequest) -> bool:
    """Return whether a form is sent for the first time; it is used up by this."""
    expected = request.session.pop(NONCE, None)
    return bool(expected) and expected == request.POST.get("nonce")
