"""Give what existed before its rows: policies and findings of clients, consents of live tokens."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.conf import application_model
from idp.management.printing import Progress
from idp.models import RedirectUri
from idp.services.backfill import backfill_consents, count_missing
from idp.services.client import ensure_policy
from idp.services.redirect_uri import sync_redirect_uris


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--dry-run", action="store_true", help="only count what would be made")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Go through the clients one by one; again after an interruption does no harm."""
    now = timezone.now()
    if options["dry_run"]:
        err.write(f"{count_missing(now)} consents to be made.")
        return 0
    applications = application_model()._default_manager.order_by("pk")
    progress = Progress(err, applications.count(), "clients")
    for application in applications.iterator():
        ensure_policy(application)
        sync_redirect_uris(application, source=RedirectUri.Source.EXISTING, now=now)
        progress.step()
    progress.finish()
    consents = Progress(err, count_missing(now), "consents")
    for _imported in backfill_consents(now=now):
        consents.step()
    consents.finish()
    return 0
