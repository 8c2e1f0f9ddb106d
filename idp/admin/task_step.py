"""Working on a task for as long as one answer may take, and leading to where that is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.services.task import work_on

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from idp.admin.base import DeskAdmin
    from idp.models import BulkTask

SECONDS = 2.0
"""How long one answer works before it shows how far it has come."""


def carry_on(desk: DeskAdmin, request: HttpRequest, task: BulkTask) -> HttpResponse:
    """Work a while, and lead to the page of the work, or to the task once it is finished."""
    work_on(task, seconds=SECONDS, now=timezone.now())
    site = desk.admin_site.name
    if task.finished_at is None:
        return HttpResponseRedirect(reverse(f"{site}:idp_bulktask_work", args=(task.pk,)))
    desk.log_change(request, task, f"Finished: {task.changed} of {task.done} rows changed.")
    words = _("Done: %(task)s, %(n)d rows.") % {"task": task, "n": task.changed}
    messages.success(request, words)
    return HttpResponseRedirect(reverse(f"{site}:idp_bulktask_change", args=(task.pk,)))
