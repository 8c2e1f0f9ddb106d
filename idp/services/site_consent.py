"""Whom the site of old asked nothing: kept while the rules about consent only report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from idp.conf import access_token_model, idp_settings
from idp.domain.decision import Reason, Severity
from idp.services.client import Client

SKIPPED = Reason(
    "skip_authorization",
    Severity.INFO,
    "The client is marked to skip the question; a first-party client under a policy would be asked "
    "nothing either.",
    "RFC 6749 §10.2",
)
HELD = Reason(
    "approval_prompt_auto",
    Severity.INFO,
    "The user holds a live token of the client for the same scopes, and REQUEST_APPROVAL_PROMPT is "
    "auto.",
    "RFC 6749 §10.2",
)


def unasked(client: Client, user: Any, scopes: frozenset[str], now: datetime) -> Reason | None:
    """Return why the site of old would not ask, or None where it would, or where the rules refuse.

    Args:
        client: who asks.
        user: who would be asked.
        scopes: what would be granted.
        now: the time.
    """
    if client.enforces("consent"):
        return None
    if client.application.skip_authorization:
        return SKIPPED
    if not idp_settings.approves_automatically:
        return None
    live = access_token_model()._default_manager.filter(
        user=user, application=client.application, expires__gt=now
    )
    texts = live.values_list("scope", flat=True)
    return HELD if any(scopes <= frozenset(text.split()) for text in texts) else None
