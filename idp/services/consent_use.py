"""Silent uses of a remembered consent: counted by day, outside the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import F, Q

from idp.models import Consent, ConsentUse

NOTED_EVERY = timedelta(hours=1)
"""How exact ``Consent.last_used_at`` is: seldom written, so that requests do not queue for it."""


def record_silent_use(consent: Consent, now: datetime) -> None:
    """Count one more time that a remembered consent answered by itself.

    One conditional statement, but for the first use of a day.
    """
    today = ConsentUse.objects.filter(consent_id=consent.pk, day=now.astimezone(UTC).date())
    if not today.update(count=F("count") + 1):
        row = ConsentUse(consent_id=consent.pk, day=now.astimezone(UTC).date(), count=0)
        ConsentUse.objects.bulk_create([row], ignore_conflicts=True)
        today.update(count=F("count") + 1)
    note_use(consent, now)


def note_use(consent: Consent, now: datetime) -> None:
    """Remember when a consent was last used, at most once an hour."""
    if consent.last_used_at is not None and now - consent.last_used_at < NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
    Consent.objects.filter(stale, pk=consent.pk).update(last_used_at=now)
