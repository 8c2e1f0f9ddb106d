"""Many rows chosen in a list: what must be typed before they end, and the task that ends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.utils.translation import gettext_lazy as _

from idp.admin.confirm import LARGE, given_reason
from idp.admin.task_step import carry_on
from idp.conf import application_model
from idp.models import BulkTask
from idp.services.chosen import MOST, Chosen
from idp.services.origin import origin_of
from idp.services.task import Order, begin_task

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrOrPromise

    from idp.admin.base import DeskAdmin


def challenge(rows: QuerySet[Any], number: int) -> str:
    """Return what must be typed before many rows end: the name of their one client, or the number.

    Args:
        rows: of clients.
        number: how many they are; few need nothing.
    """
    if number < LARGE:
        return ""
    clients = list(rows.order_by().values_list("application", flat=True).distinct()[:2])
    if len(clients) != 1 or clients[0] is None:
        return str(number)
    return str(application_model()._default_manager.get(pk=clients[0]))


def one_by_one(number: int, many: int = LARGE) -> tuple[_StrOrPromise, ...]:
    """Return what to say of how it takes effect, where it is too much for one request."""
    words = _("They are many: it takes effect one after the other, on a page that shows how far.")
    return (words,) if number >= many else ()


def older_one_by_one(number: int) -> tuple[_StrOrPromise, ...]:
    """Return what to say of many tokens, of which those with an authorization end at once."""
    words = _(
        "They are many: older ones that no authorization stands behind end one after the other, "
        "the rest at once, on a page that shows how far."
    )
    return (words,) if number >= LARGE else ()


_KINDS = {"consent": BulkTask.Kind.REVOKE, "client": BulkTask.Kind.DISABLE}


def end_many(
    desk: DeskAdmin, request: HttpRequest, rows: QuerySet[Any], what: str, *, many: int = 0
) -> HttpResponse | None:
    """Begin a task that ends chosen rows, or disables chosen clients, where they are many.

    Args:
        desk: the page's admin.
        request: with the reason.
        rows: the chosen ones that are live.
        what: as ``Chosen`` names them.
        many: from how many on it is a task; 0 for ``LARGE``.

    Returns:
        Where the work is seen; None where they are few and end in this request.
    """
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    if len(keys) < (many or LARGE):
        return None
    if len(keys) > MOST:
        messages.error(
            request,
            _("More than %(n)d are chosen: filter the list, or take access back.") % {"n": MOST},
        )
        return desk.response_post_save_change(request, None)
    order = Order(
        kind=_KINDS.get(what, BulkTask.Kind.END),
        work=Chosen(what=what, keys=tuple(keys)),
        label=f"{desk.model._meta.verbose_name_plural} ({len(keys)})",
        total=len(keys),
        reason=given_reason(request),
    )
    by, origin = request.user.get_username(), origin_of(request)
    begun = begin_task(order, by=by, origin=origin)
    desk.log_addition(request, begun, f"Began: {begun}; {begun.reason}")
    return carry_on(desk, request, begun)
