"""The guard on every save of a client: no URI that breaks a rule enters, by whatever way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from idp.conf import application_model
from idp.domain.decision import Reason
from idp.services.client import policy_of
from idp.services.event import record_event
from idp.services.redirect_uri import PURPOSES, UriFindings, findings, registered_uris
from idp.services.site import enforces, site_state


def new_faults(application: Any, *, now: datetime | None = None) -> list[UriFindings]:
    """Return the URIs that a save would add although they break an error rule.

    URIs that are stored already are left alone: what they break is told by ``findings``, and an
    enforcing site never redirects there.

    Args:
        application: the client's row with its new values, saved before or not.
        now: the time; defaults to the clock.
    """
    wrong = [found for found in findings(application, now=now) if found.is_error]
    if not wrong:
        return []
    stored = application_model()._base_manager.filter(pk=application.pk).first()
    if stored is None:
        return wrong
    known = {purpose: set(registered_uris(stored, purpose)) for purpose in PURPOSES}
    return [found for found in wrong if found.uri not in known[found.purpose]]


def guard_application(
    instance: Any, *, raw: bool = False, update_fields: Any = None, **_kwargs: Any
) -> None:
    """Receive ``pre_save`` of a client: refuse new URIs that break a rule, or report them.

    Args:
        instance: the client's row.
        raw: whether a fixture is loaded, which is left alone.
        update_fields: the fields that the save writes, or None for all.

    Raises:
        ValidationError: the site or the client enforces, with a message for each URI under the
            field's name.
    """
    if raw or (update_fields is not None and not set(update_fields) & set(PURPOSES.values())):
        return
    wrong = new_faults(instance)
    if not wrong:
        return
    refuses = enforces("redirect_uri", site_state().mode, policy_of(instance))
    record_event(
        "redirect_uri.refused" if refuses else "redirect_uri.reported",
        client_id=instance.client_id,
        reasons=[reason for found in wrong for reason in found.findings if reason.is_error],
        detail={"uris": [found.uri for found in wrong]},
        now=timezone.now(),
    )
    if refuses:
        raise ValidationError(_by_field(wrong))


def _by_field(wrong: list[UriFindings]) -> dict[str, list[ValidationError]]:
    found: dict[str, list[ValidationError]] = {}
    for entry in wrong:
        for reason in entry.findings:
            if reason.is_error:
                found.setdefault(PURPOSES[entry.purpose], []).append(_message(entry.uri, reason))
    return found


def _message(uri: str, reason: Reason) -> ValidationError:
    text = reason.text if reason.params else reason.text.replace("%", "%%")
    params = {"idp_uri": uri, **reason.params}
    return ValidationError(f"%(idp_uri)s: {text}", code=reason.code, params=params)
