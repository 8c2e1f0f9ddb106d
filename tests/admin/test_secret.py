"""Secrets at the desk: each is shown once and stands nowhere else; rotation breaks nothing."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core import serializers
from django.test import Client

from idp.conf import application_model
from idp.models import ClientSecret, SecurityEvent
from idp.services.client_secret import check_client_secret
from tests.admin.conftest import page
from tests.admin.role_table import CALLBACK, YES
from tests.factories import make_application

FORM = {
    "client_name": "Photo Print", "redirect_uris": CALLBACK, "environment": "production",
    "grant_types": ["authorization_code", "refresh_token"],
    "token_endpoint_auth_method": "client_secret_basic",
}  # fmt: skip


def secret_in(text: str) -> str:
    return text.partition('id="secret">')[2].partition("<")[0]


def everything_kept() -> str:
    """Return the rows of every table in which a secret could have been left, as text."""
    models = (Session, LogEntry, SecurityEvent, ClientSecret, application_model())
    rows = [row for model in models for row in model._default_manager.all()]
    sessions = [str(row.get_decoded()) for row in Session.objects.all()]
    return serializers.serialize("json", rows) + "".join(sessions)


def test_a_secret_is_shown_once_and_stands_nowhere_else(
    desk: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    application = make_application("web", client_id="first")
    sandbox = make_application("web", client_id="sandbox", environment="development")
    secrets, clone = page("client_secrets", application.pk), page("client_clone", sandbox.pk)
    issue = {"do": "issue", "issue-label": "beside", "issue-lifetime": "30"}
    rotate = {"do": "rotate", "rotate-label": "autumn", "rotate-overlap": "3600"}
    ways: tuple[tuple[str, dict[str, Any]], ...] = (
        (page("client_add"), {**FORM, "kind": "web", "client_id": "new"}),
        (clone, {**FORM, "kind": "web", "client_id": "produced"}),
        (secrets, issue),
        (secrets, {**rotate, "rotate-reason": "somebody left"}),
    )
    for address, body in ways:
        before = desk.get(address)
        sent = {**body, "nonce": (before.context or {}).get("nonce", "")}
        answer = desk.post(address, sent)
        plain = secret_in(answer.text)
        assert plain, address
        assert "no-store" in answer["Cache-Control"], address
        assert answer["Referrer-Policy"] == "no-referrer", address
        newest = ClientSecret.objects.latest("pk")
        assert check_client_secret(newest.application, plain), address

        again = desk.post(address, sent, follow=True)
        assert plain not in again.text, address
        assert not secret_in(again.text), address
        for name in ("secrets", "overview", "history", "change"):
            shown = desk.get(page(f"client_{name}", newest.application_id)).text
            assert plain not in shown, (address, name)
        assert plain not in everything_kept(), address
        assert plain not in caplog.text, address
        assert plain not in str(desk.cookies), address


def test_rotating_leaves_the_old_secret_working_for_a_while(desk: Client) -> None:
    application = make_application("web")
    address = page("client_secrets", application.pk)
    nonce = desk.get(address).context["nonce"]
    sent = {"do": "rotate", "nonce": nonce, "rotate-label": "autumn", "rotate-overlap": "604800"}
    assert not secret_in(desk.post(address, sent).text), "a rotation needs a reason"
    sent |= {"nonce": desk.get(address).context["nonce"], "rotate-reason": "somebody left"}
    new = secret_in(desk.post(address, sent).text)
    assert check_client_secret(application, new)
    assert check_client_secret(application, application.plain_secret)
    said = LogEntry.objects.latest("pk").change_message
    assert "autumn" in said
    assert new[-4:] not in said, "who may read the history may not see secrets"
    assert "somebody left" in said
    assert ClientSecret.objects.exclude(expires_at=None).count() == 1


def test_the_last_secret_that_works_is_not_revoked(desk: Client) -> None:
    application = make_application("web")
    secret = ClientSecret.objects.get(application=application, label="main")
    ClientSecret.objects.exclude(pk=secret.pk).delete()
    address = page("client_secret_revoke", application.pk, secret.pk)
    answer = desk.post(address, YES, follow=True)
    assert "only secret that works" in answer.text
    assert check_client_secret(application, application.plain_secret)
