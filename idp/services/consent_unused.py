"""Consents that nobody uses any more, to be proposed for removal."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from idp.conf import idp_settings
from idp.models import Authorization, Consent
from idp.models.consent import ConsentQuerySet

MOST_COUNTED = 1_000


def unused_consents(now: datetime) -> ConsentQuerySet:
    """Return the live consents that were neither given nor used within ``CONSENT_UNUSED_AFTER``."""
    return unused_since(now - idp_settings.consent_unused_after, now)


def unused_since(before: datetime, now: datetime) -> ConsentQuerySet:
    """Return the live consents that were neither given nor used since a moment."""
    used = Authorization.objects.filter(
        Q(last_used_at__gt=before) | Q(created_at__gt=before),
        user=OuterRef("user"),
        application=OuterRef("application"),
    )
    silent = Q(last_used_at=None) | Q(last_used_at__lte=before)
    found: ConsentQuerySet = Consent.objects.filter(silent, ~Exists(used), decided_at__lte=before)
    return found.live(now)


def count_unused(now: datetime) -> int:
    """Return how many there are, at most ``MOST_COUNTED``."""
    return unused_consents(now)[:MOST_COUNTED].count()
