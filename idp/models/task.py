"""Long work of operators that outlives the request that began it."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class BulkTask(models.Model):
    """Work on many rows, done step by step; whoever finds it unfinished goes on where it stands.

    What is taken back is worthless from the moment it begins; the work writes that down. Among
    chosen rows that goes for consents and authorizations; older tokens that no authorization stands
    behind end, and clients are disabled, when their turn comes, and so are changed rules applied.
    """

    class Kind(models.TextChoices):
        """What is done."""

        TAKE_BACK = "take_back", _("Take access back")
        END_TOKENS = "end_tokens", _("End tokens")
        SWEEP = "sweep", _("Apply changed rules")
        REVOKE = "revoke", _("Revoke consents")
        END = "end", _("End authorizations")
        UNUSED = "unused", _("Take away what is unused")
        DISABLE = "disable", _("Disable clients")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    target = models.JSONField(_("target"), help_text=_("Keys of what it works on."))
    label = models.CharField(_("what"), max_length=255)
    reason = models.CharField(_("reason"), max_length=100, blank=True)
    by = models.CharField(_("by"), max_length=255, blank=True)
    origin = models.JSONField(_("origin"), default=dict, editable=False)
    position = models.CharField(_("position"), max_length=100, blank=True, editable=False)
    total = models.PositiveBigIntegerField(_("rows"), default=0)
    done = models.PositiveBigIntegerField(_("done"), default=0)
    changed = models.PositiveBigIntegerField(_("changed"), default=0)
    created_at = models.DateTimeField(_("begun"), default=timezone.now)
    leased_until = models.DateTimeField(null=True, editable=False)
    moved_at = models.DateTimeField(_("last step"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True, db_index=True)

    class Meta:
        """Newest first."""

        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=("-created_at", "-id"), name="idp_bulk_task_created"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.label}"
