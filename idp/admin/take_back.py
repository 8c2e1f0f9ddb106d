"""Taking access back from many at once: who and what, how much it is, and then the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin.confirm import LARGE, Question, ask, given_reason, is_confirmed
from idp.admin.paginator import COUNT_LIMIT, bounded
from idp.admin.party import user_named
from idp.admin.task_step import carry_on
from idp.models import BulkTask, Consent
from idp.services.client import load_client
from idp.services.consent_reach import (
    Reach,
    Target,
    authorizations_of,
    consents_of,
    reach,
)
from idp.services.origin import origin_of
from idp.services.task import Order, begin_task

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from idp.admin.base import DeskAdmin


class TakeBackForm(forms.Form):
    """Whose access; what is left empty is not limited."""

    user = forms.CharField(
        label=_("User"),
        required=False,
        max_length=255,
        help_text=_("Sign-in name, address or id; empty for everyone."),
    )
    client = forms.CharField(
        label=_("Client id"),
        required=False,
        max_length=255,
        help_text=_("Exactly; empty for all clients."),
    )
    scope = forms.CharField(
        label=_("Scope"),
        required=False,
        max_length=200,
        help_text=_("This scope alone, the rest stays; empty for everything."),
    )
    everyone = forms.BooleanField(
        label=_("Everything of everyone"),
        required=False,
        help_text=_("Needed where nothing above is named."),
    )

    def clean(self) -> dict[str, Any]:
        """Return the target, for which every name must be known."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        user = user_named(given["user"]) if given.get("user") else None
        client = load_client(given["client"]) if given.get("client") else None
        if given.get("user") and user is None:
            self.add_error("user", _("There is no such user."))
        if given.get("client") and client is None:
            self.add_error("client", _("There is no such client."))
        named = any(given.get(name) for name in ("user", "client", "scope"))
        if named == bool(given.get("everyone")):
            self.add_error("everyone", _("Name a user, a client or a scope, or say everyone."))
        application = client.application if client is not None else None
        given["target"] = Target(
            user=user, application=application, scope=given.get("scope", "").strip()
        )
        return given


def view(desk: DeskAdmin, request: HttpRequest) -> HttpResponse:
    """Ask whose access, then say how much it is, then begin."""
    form = TakeBackForm(request.GET or None)
    if not (form.is_bound and form.is_valid()):
        context = {"title": _("Take access back"), "form": form}
        return desk.page(request, "admin/idp/take_back.html", context)
    target, now = form.cleaned_data["target"], timezone.now()
    if target.user is None and target.application is None:
        desk.allow(permitted=desk.may(request, "narrow", Consent))
    found = reach(target, now, limit=COUNT_LIMIT)
    question = _question(desk, target, found)
    if not is_confirmed(request, question):
        return ask(desk, request, question)
    order = Order(
        kind=BulkTask.Kind.TAKE_BACK,
        work=target,
        label=_label(target),
        total=consents_of(target, now).count(),
        reason=given_reason(request),
    )
    begun = begin_task(order, by=request.user.get_username(), origin=origin_of(request))
    desk.log_addition(request, begun, f"Began: {begun}; {begun.reason}")
    return carry_on(desk, request, begun)


def end_tokens(desk: DeskAdmin, request: HttpRequest, application: Any) -> HttpResponse:
    """Begin to end every token of a client, of which there are many; consent stays.

    Args:
        desk: the page's admin.
        request: with the reason.
        application: the client.
    """
    target = Target(application=application)
    order = Order(
        kind=BulkTask.Kind.END_TOKENS,
        work=target,
        label=str(application),
        total=authorizations_of(target, timezone.now()).count(),
        reason=given_reason(request),
    )
    begun = begin_task(order, by=request.user.get_username(), origin=origin_of(request))
    desk.log_change(request, application, f"Began to end all tokens: {order.reason}")
    return carry_on(desk, request, begun)


def address(site: str, **named: str) -> str:
    """Return where access of a user, client or scope is taken back.

    Args:
        site: name of the admin site.
        **named: ``user``, ``client`` and ``scope``, as the form takes them.
    """
    return f"{reverse(f'{site}:idp_take_back')}?{urlencode(named)}"


def _question(desk: DeskAdmin, target: Target, found: Reach) -> Question:
    numbers = (
        (_("Consents"), found.consents),
        (_("Live authorizations"), found.authorizations),
        (_("Tokens"), found.tokens),
    )
    kept = _("Only this scope goes: everything else that clients hold stays as it is.")
    ended = _("Every token ends, and users are asked again when a client comes back.")
    return Question(
        title=_("Take back: %(what)s?") % {"what": _label(target)},
        sentences=(
            kept if target.scope else ended,
            _("It takes effect at once, for all of it; writing it down goes on in batches."),
            _("This cannot be undone. The ledger says who did it and why."),
        ),
        button=_("Take back"),
        counts=tuple((words, bounded(number)) for words, number in numbers),
        needs_reason=True,
        nothing="" if any(n for _w, n in numbers) else _("Nobody holds anything of this."),
        challenge=_challenge(target) if sum(n for _w, n in numbers) >= LARGE else "",
        back=reverse(f"{desk.admin_site.name}:idp_take_back"),
    )


def _challenge(target: Target) -> str:
    """Return what must be typed: the name of what loses its access."""
    if target.application is not None:
        return str(target.application)
    if target.scope:
        return target.scope
    return target.user.get_username() if target.user is not None else gettext("everyone")


def _label(target: Target) -> str:
    parts = [
        target.scope,
        str(target.application) if target.application is not None else "",
        target.user.get_username() if target.user is not None else gettext("everyone"),
    ]
    return " · ".join(part for part in parts if part)
