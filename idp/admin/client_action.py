"""Switching a client off and on, ending its tokens, removing it: each says what it takes along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.admin.models import DELETION, LogEntry
from django.http import HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from idp.admin import display
from idp.admin.chosen import end_many, one_by_one
from idp.admin.confirm import (
    LARGE,
    Question,
    ask,
    given_reason,
    is_confirmed,
    operator_cause,
)
from idp.admin.paginator import COUNT_LIMIT, bounded
from idp.admin.take_back import end_tokens
from idp.conf import access_token_model, refresh_token_model
from idp.models import (
    Authorization,
    ClientPolicy,
    ClientScope,
    ClientSecret,
    Consent,
    RedirectUri,
)
from idp.services.client import disable_client, enable_client
from idp.services.client_registration import delete_client
from idp.services.event import record_event
from idp.services.token_revocation import end_in_batches, end_tokens_of_client

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from idp.admin.base import DeskAdmin

MANY = 50
"""From this many clients on, they are disabled by a task, and the operator types their number."""

Counts = tuple[tuple[Any, int], ...]


def disable_view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Switch a client off with a reason."""
    application = _row(desk, request, object_id, may=desk.has(request, "disable_client"))
    question = Question(
        title=_("Disable “%(name)s”?") % {"name": application},
        sentences=(
            _("From the next request on the client and its tokens are refused, in every door."),
            _("It can be undone: tokens that have not expired meanwhile work again."),
        ),
        button=_("Disable"),
        counts=_shown(_live_counts([application.pk])),
        needs_reason=True,
        back=display.object_url(application, "overview"),
    )
    if not is_confirmed(request, question):
        return ask(desk, request, question)
    disable_client(application, reason=given_reason(request), by=request.user)
    desk.log_change(request, application, f"Disabled: {given_reason(request)}")
    _tell_undo(request, _("The client is disabled."), application, "enable", _("Enable it again"))
    return HttpResponseRedirect(question.back)


def enable_view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Switch a client on again with a reason."""
    application = _row(desk, request, object_id, may=desk.has(request, "disable_client"))
    question = Question(
        title=_("Enable “%(name)s”?") % {"name": application},
        sentences=(
            _("The client may ask again, and its tokens that have not expired work again."),
        ),
        button=_("Enable"),
        needs_reason=True,
        danger=False,
        back=display.object_url(application, "overview"),
    )
    if not is_confirmed(request, question):
        return ask(desk, request, question)
    enable_client(application, reason=given_reason(request), by=request.user)
    desk.log_change(request, application, f"Enabled: {given_reason(request)}")
    _tell_undo(request, _("The client is enabled."), application, "disable", _("Disable it again"))
    return HttpResponseRedirect(question.back)


def disable_many(
    desk: DeskAdmin, request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    """Switch the chosen clients off with one reason; many by a task, one after the other.

    Those that are off stay as they are, with the reason and the history that they have.
    """
    queryset = queryset.exclude(idp_policy__status=ClientPolicy.Status.DISABLED)
    number = queryset.order_by().count()
    chosen = list(queryset.order_by("pk")[:MANY])
    question = Question(
        title=ngettext("Disable this client?", "Disable these clients?", number),
        sentences=(
            _(
                "From the next request on they and their tokens are refused. It can be undone, "
                "one by one."
            ),
            *one_by_one(number, MANY),
        ),
        button=_("Disable"),
        counts=((_("Clients"), number), *_shown(_live_counts(queryset.order_by().values("pk")))),
        examples=tuple(str(row) for row in chosen[:10]),
        needs_reason=True,
        challenge=str(number) if number >= MANY else "",
        back=display.admin_url(desk.model, "changelist"),
    )
    if not is_confirmed(request, question):
        return ask(desk, request, question)
    if (answer := end_many(desk, request, queryset, "client", many=MANY)) is not None:
        return answer
    reason = given_reason(request)
    for application in chosen:
        disable_client(application, reason=reason, by=request.user)
        desk.log_change(request, application, f"Disabled: {reason}")
    words = ngettext("%(n)d client is disabled.", "%(n)d clients are disabled.", len(chosen))
    messages.success(request, words % {"n": len(chosen)})
    return None


def end_tokens_view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """End every token of a client with a reason."""
    application = _row(desk, request, object_id, may=desk.may(request, "end", Authorization))
    counts = _live_counts([application.pk])
    question = Question(
        title=_("End all tokens of “%(name)s”?") % {"name": application},
        sentences=(
            _(
                "Every user has to go through the client again; consent stays, so most are not "
                "asked."
            ),
            _("This cannot be undone. To stop the client itself, disable it."),
        ),
        button=_("End all tokens"),
        counts=_shown(counts),
        needs_reason=True,
        challenge=_challenge(application, counts),
        back=display.object_url(application, "overview"),
    )
    if not is_confirmed(request, question):
        return ask(desk, request, question)
    if sum(number for _words, number in counts) >= LARGE:
        return end_tokens(desk, request, application)
    cause = operator_cause(request)
    count = end_in_batches(Authorization.objects.filter(application=application), cause)
    count += end_tokens_of_client(application, cause)
    record_event(
        "client.tokens_ended",
        severity="info",
        client_id=application.client_id,
        origin=cause.origin,
        detail={**cause.told(), "count": count},
        now=cause.at,
    )
    desk.log_change(request, application, f"Ended all tokens ({count}): {cause.reason}")
    messages.success(request, _("Ended: %(n)d authorizations and tokens.") % {"n": count})
    return HttpResponseRedirect(question.back)


def delete_view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Remove a client with all that hangs on it."""
    application = desk.row_or_404(request, object_id)
    desk.allow(permitted=desk.has_delete_permission(request, application))
    counts = _all_counts(application)
    question = Question(
        title=_("Delete “%(name)s”?") % {"name": application},
        sentences=(
            _("The client and all that hangs on it go, and its client id is unknown from then on."),
            _("What users decided stays in the ledger. This cannot be undone; disabling can."),
        ),
        button=_("Delete"),
        counts=_shown(counts),
        needs_reason=True,
        challenge=_challenge(application, counts),
        back=display.object_url(application, "overview"),
    )
    if not is_confirmed(request, question):
        return ask(desk, request, question)
    name, reason, user = str(application), given_reason(request), cast("Any", request.user)
    LogEntry.objects.log_actions(
        user_id=user.pk,
        queryset=[application],
        action_flag=DELETION,
        change_message=f"Deleted {application.client_id}: {reason}",
        single_object=True,
    )
    delete_client(application, reason=reason, by=request.user)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": name})
    return HttpResponseRedirect(display.admin_url(desk.model, "changelist"))


def _tell_undo(request: HttpRequest, said: Any, application: Any, page: str, words: Any) -> None:
    """Say what was done, with the way to undo it."""
    undo = display.link(display.object_url(application, page), words)
    messages.success(request, format_html("{} {}", said, undo))


def _row(desk: DeskAdmin, request: HttpRequest, object_id: str, *, may: bool) -> Any:
    desk.allow(permitted=may)
    application = desk.row_or_404(request, object_id)
    desk.allow(permitted=desk.has_view_permission(request, application))
    return application


def _challenge(application: Any, counts: Counts) -> str:
    return str(application) if sum(number for _words, number in counts) >= LARGE else ""


def _live_counts(keys: Any) -> Counts:
    now = timezone.now()
    return (
        (
            _("Users that let it in now"),
            _count(Consent.objects.live(now).filter(application__in=keys)),
        ),
        (
            _("Live authorizations"),
            _count(Authorization.objects.live(now).filter(application__in=keys)),
        ),
        (
            _("Access tokens"),
            _count(
                access_token_model()._default_manager.filter(application__in=keys, expires__gt=now)
            ),
        ),
    )


def _all_counts(application: Any) -> Counts:
    models: tuple[tuple[Any, Any], ...] = (
        (_("Consents"), Consent),
        (_("Authorizations"), Authorization),
        (_("Access tokens"), access_token_model()),
        (_("Refresh tokens"), refresh_token_model()),
        (_("Addresses"), RedirectUri),
        (_("Scopes"), ClientScope),
        (_("Secrets"), ClientSecret),
    )
    return tuple(
        (words, _count(model._default_manager.filter(application=application)))
        for words, model in models
    )


def _shown(counts: Counts) -> tuple[tuple[Any, str], ...]:
    return tuple((words, bounded(number)) for words, number in counts)


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by().values("pk")[:COUNT_LIMIT].count()
