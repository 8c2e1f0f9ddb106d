"""Whatever was found in a log or a repository: pasted at the desk, it is known or told apart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from idp.conf import access_token_model
from idp.domain import credential
from idp.dot.id_token import sign
from idp.models import Authorization, ClientPolicy, ClientSecret, SecurityEvent
from idp.services.client import load_client
from idp.services.client_secret import issue_client_secret, revoke_client_secret
from idp.services.device import request_device
from idp.services.purge import purge
from idp.services.registration_token import issue_registration_token
from tests.admin.conftest import page, signed_in
from tests.factories import make_application, make_user
from tests.views.flow import Flow


@pytest.fixture
def flow(db: None) -> Flow:
    """A client with a user who is signed in."""
    scopes = ("openid", "photos:read")
    application = make_application(
        "web", name="Photo Print", client_id="photo-print", scopes=scopes
    )
    return Flow(application, make_user("anna"))


def found(desk: Client, text: str) -> str:
    """Return the page that answers a paste, which neither shows nor keeps it."""
    answer = desk.post(page("idp_find_token"), {"token": text})
    assert answer.status_code == 200
    assert text not in answer.text
    assert "no-store" in answer["Cache-Control"]
    return str(answer.text)


def test_each_sort_of_token_and_code_leads_to_its_client(
    desk: Client, flow: Flow, caplog: Any
) -> None:
    code = flow.code("openid photos:read")
    tokens = flow.exchange(code).json()
    act = Authorization.objects.get()
    client = load_client("photo-print")
    assert client is not None
    now = timezone.now()
    device_code, device = request_device(client, scopes=frozenset({"photos:read"}), now=now)
    extra, brought = (
        issue_client_secret(flow.application, label=label, value=value)
        for label, value in (("extra", None), ("brought", "chosen by somebody"))
    )
    policy = ClientPolicy.objects.get()
    jwt = sign({"iss": "us", "client_id": "photo-print", "exp": 1}, "RS256", "at+jwt")
    by_sort = {
        "Access token": tokens["access_token"],
        "Refresh token": tokens["refresh_token"],
        "Authorization code": code,
        "ID token": tokens["id_token"],
        "Access token (JWT)": jwt,
        "Code of a device": device_code,
        "Secret of a client": flow.application.plain_secret,
        "Registration access token": issue_registration_token(policy, lifetime=None, now=now),
    }
    alike = (
        *by_sort.items(),
        ("Code of a device", f"{device.user_code[:4]}-{device.user_code[4:]}".lower()),
        ("Secret of a client", extra[1]),
        ("Secret of a client", brought[1]),
    )

    for sort, text in alike:
        shown = found(desk, text)
        assert f"<h2>{sort}</h2>" in shown, sort
        assert page("client_overview", flow.application.pk) in shown, sort
        assert text not in caplog.text, sort
    for sort in ("Access token", "Refresh token", "Authorization code"):
        assert page("idp_authorization_change", act.pk) in found(desk, by_sort[sort]), sort
    shown = found(desk, tokens["id_token"])
    assert page("idp_user", flow.user.pk) in shown
    assert page("idp_signin_change", act.sign_in_id) in shown
    kept = "".join(
        (
            *(str(row.get_decoded()) for row in Session.objects.all()),
            *LogEntry.objects.values_list("change_message", flat=True),
            *(str(detail) for detail in SecurityEvent.objects.values_list("detail", flat=True)),
        )
    )
    assert [sort for sort, text in alike if text in kept and sort != "Code of a device"] == []


def test_what_ended_or_was_removed_is_still_told(desk: Client, flow: Flow) -> None:
    tokens = flow.tokens("openid photos:read")
    secret, plain = issue_client_secret(flow.application, label="leaked")
    revoke_client_secret(secret, reason="leaked")
    assert "leaked" in found(desk, plain)
    assert "Revoked" in found(desk, plain)

    assert flow.refresh(tokens["refresh_token"]).status_code == 200
    assert "Exchanged" in found(desk, tokens["refresh_token"])

    access_token_model().objects.all().delete()
    assert "Family ended" in found(desk, tokens["access_token"])

    Authorization.objects.all().delete()
    later = timezone.now() + timedelta(days=900)
    for _step in purge(later):
        pass
    assert "An access token, by its form" in found(desk, tokens["access_token"])
    assert page("client_overview", flow.application.pk) in found(desk, tokens["id_token"])


def test_what_is_none_of_ours_is_told_apart_by_its_form(desk: Client, flow: Flow) -> None:
    own = sign({"iss": "us", "aud": "photo-print"}, "RS256")
    head, payload, signature = own.split(".")
    whole = credential.generate(credential.REFRESH)
    for text, words in (
        (whole, "A refresh token, by its form"),
        (whole[:-1], "cut off, or a character is wrong"),
        (f"{whole[:-1]}{'A' if whole[-1] != 'A' else 'B'}", "cut off, or a character is wrong"),
        (f"{head}.{payload}.{signature[::-1]}", "that no key of this site signed"),
        (f"{head}.e30.{signature}", "that no key of this site signed"),
        ("hunter2", "No token of this site"),
        ("BCDF-GHJK", "No token of this site"),
    ):
        assert words in found(desk, text), words


def test_who_may_not_see_secrets_learns_whose_it_is_and_no_more(flow: Flow) -> None:
    reader = signed_in("idp.view_authorization")
    shown = found(reader, flow.application.plain_secret)
    assert escape("Photo Print") in shown
    label = ClientSecret.objects.get().label
    assert f"{label} …" not in shown
    assert page("client_secrets", flow.application.pk) not in shown
