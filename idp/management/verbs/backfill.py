"""Give existing clients a policy row and the findings of their redirect URIs."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.conf import application_model
from idp.management.printing import Progress
from idp.models import RedirectUri
from idp.services.client import ensure_policy
from idp.services.redirect_uri import sync_redirect_uris


def add_arguments(parser: ArgumentParser) -> None:
    """Take no arguments."""


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Go through the clients one by one; again after an interruption does no harm."""
    now = timezone.now()
    applications = application_model()._default_manager.order_by("pk")
    progress = Progress(err, applications.count(), "clients")
    for application in applications.iterator():
        ensure_policy(application)
        sync_redirect_uris(application, source=RedirectUri.Source.EXISTING, now=now)
        progress.step()
    progress.finish()
    return 0
