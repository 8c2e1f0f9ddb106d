"""Applying the section ``clients``, with secrets from the environment."""

from __future__ import annotations

from typing import Any

from idp.conf import application_model
from idp.management.manifest.entry import ClientEntry, SecretEntry
from idp.management.manifest.problem import problem
from idp.management.manifest.work import Work
from idp.models import ClientSecret
from idp.services.change import FieldChange
from idp.services.client_judgement import judge_client
from idp.services.client_registration import register_client, spec_of, update_client
from idp.services.client_secret import (
    issue_client_secret,
    live,
    replace_client_secret,
    revoke_client_secret,
)
from idp.services.client_secret_value import has_toolkit_secret, same_secret
from idp.services.client_spec import ClientSpec, differences

SHORT_SECRET = 32


def apply_clients(work: Work) -> None:
    """Store every client of the file."""
    ids = [entry.spec.client_id for entry in work.manifest.clients]
    rows = application_model()._default_manager.select_related("idp_policy")
    known = {row.client_id: row for row in rows.filter(client_id__in=ids)}
    for entry in work.manifest.clients:
        with work.entry(entry.place):
            _apply_client(work, entry, known.get(entry.spec.client_id))


def _apply_client(work: Work, entry: ClientEntry, application: Any) -> None:
    _refuse_missing_secrets(work, entry, application)
    before = None if application is None else spec_of(application)
    judgement = judge_client(entry.spec, before=before, now=work.now)
    work.warnings += [problem(entry.place, key, reason) for key, reason in judgement.warnings]
    if application is None:
        application, _none = register_client(
            entry.spec, by=work.by, source="file", first_secret=False, now=work.now
        )
        nothing = ClientSpec(client_id=entry.spec.client_id, kind=entry.spec.kind)
        work.note(entry.place, "create", differences(nothing, entry.spec), even=True)
    else:
        changes = update_client(application, entry.spec, by=work.by, source="file", now=work.now)
        work.note(entry.place, "update", changes)
    _apply_secrets(work, entry, application)


def _apply_secrets(work: Work, entry: ClientEntry, application: Any) -> None:
    rows = list(ClientSecret.objects.filter(application=application))
    for secret in entry.secrets:
        _apply_secret(work, entry, application, secret, rows)
    if work.prune:
        _prune_secrets(work, entry, rows)
    if entry.spec.public or entry.secrets or live(rows, work.now):
        return
    if not has_toolkit_secret(application):
        text = "The client has no secret and cannot authenticate before it gets one."
        work.warn(entry.place, "secrets", "no_secret", text)


def _apply_secret(
    work: Work, entry: ClientEntry, application: Any, secret: SecretEntry, rows: list[ClientSecret]
) -> None:
    working = [row for row in live(rows, work.now) if row.label == secret.label]
    value = work.environ.get(secret.env, "") if secret.env else ""
    if not value or any(same_secret(row, value) for row in working):
        return
    if any(same_secret(row, value) for row in rows if row.revoked_at is not None):
        text = "The secret in %(env)s was revoked; choose another one."
        work.refuse(entry.place, "secrets", "revoked_secret", text, env=secret.env)
        return
    if len(value) < SHORT_SECRET:
        text = "The secret in %(env)s is shorter than %(limit)s characters and could be guessed."
        work.warn(entry.place, "secrets", "short_secret", text, env=secret.env, limit=SHORT_SECRET)
    if working:
        replace_client_secret(
            application, working, label=secret.label, value=value, by=work.by, now=work.now
        )
    else:
        issue_client_secret(application, label=secret.label, value=value, by=work.by, now=work.now)
    old = "another value" if working else None
    change = FieldChange(f"secrets.{secret.label}", old, f"value of {secret.env}")
    work.note(entry.place, "update", [change])


def _refuse_missing_secrets(work: Work, entry: ClientEntry, application: Any) -> None:
    """Refuse secrets that come from nowhere, before anything else of the client can fail."""
    rows = [] if application is None else ClientSecret.objects.filter(application=application)
    held = {row.label for row in live(rows, work.now)}
    for secret in entry.secrets:
        value = work.environ.get(secret.env, "") if secret.env else ""
        if not value and secret.label not in held:
            _refuse_missing(work, entry, secret)


def _refuse_missing(work: Work, entry: ClientEntry, secret: SecretEntry) -> None:
    if secret.env:
        text = "The environment variable %(env)s is not set, and no secret %(label)s exists."
        code = "missing_env"
    else:
        text = "No secret %(label)s exists; name the environment variable that holds it in “env”."
        code = "missing_secret"
    work.refuse(entry.place, "secrets", code, text, env=secret.env, label=secret.label)


def _prune_secrets(work: Work, entry: ClientEntry, rows: list[ClientSecret]) -> None:
    """Revoke what the file does not name, except what is about to end by itself."""
    named = {secret.label for secret in entry.secrets}
    for row in live(rows, work.now):
        if row.label in named or row.expires_at is not None:
            continue
        revoke_client_secret(row, by=work.by, now=work.now)
        change = FieldChange(f"secrets.{row.label}", f"…{row.last_four}", None)
        work.note(entry.place, "update", [change])
