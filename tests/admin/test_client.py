"""Registering, changing, switching off and removing clients at the desk."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client

from idp.conf import access_token_model, application_model
from idp.models import (
    Authorization,
    ClientPolicy,
    ClientSecret,
    ConsentEvent,
    RedirectUri,
    SecurityEvent,
)
from idp.services.client_secret import check_client_secret
from tests.admin.conftest import page, signed_in
from tests.factories import make_application, make_scope, make_user
from tests.requirement import defect

CALLBACK = "https://print.example.com/callback"


def _form(kind: str, **values: object) -> dict[str, object]:
    return {
        "kind": kind,
        "client_name": "Photo Print",
        "client_id": f"new-{kind}",
        "environment": "production",
        **values,
    }


def _secret_in(text: str) -> str:
    return text.partition('id="secret">')[2].partition("<")[0]


@pytest.mark.parametrize(
    ("kind", "values", "shows_secret"),
    [
        ("web", {"redirect_uris": CALLBACK}, True),
        (
            "spa",
            {"redirect_uris": CALLBACK, "allowed_origins": "https://print.example.com"},
            False,
        ),
        ("native", {"redirect_uris": "com.example.print:/callback"}, False),
        ("service", {}, True),
        ("device", {"token_endpoint_auth_method": "none"}, False),
        ("agent", {"redirect_uris": "http://127.0.0.1/callback"}, False),
    ],
)
def test_each_kind_of_client_is_registered_and_its_secret_shown_once(
    desk: Client, *, kind: str, values: dict[str, object], shows_secret: bool
) -> None:
    make_scope("photos:read")
    form = _form(kind, **values, **{"scopes:photos:read": "required"})
    answer = desk.post(page("client_add"), form, follow=True)
    assert answer.status_code == 200
    application = application_model().objects.get(client_id=f"new-{kind}")
    assert application.idp_policy.kind == kind
    assert [row.scope.name for row in application.idp_scopes.all()] == ["photos:read"]
    secret = _secret_in(answer.text)
    assert bool(secret) == shows_secret
    if secret:
        assert "no-store" in answer["Cache-Control"]
        assert check_client_secret(application, secret)
        assert secret not in desk.get(page("client_secrets", application.pk)).text
        assert secret not in "".join(str(s.get_decoded()) for s in Session.objects.all())
        assert not LogEntry.objects.filter(change_message__contains=secret).exists()


def test_sending_the_form_again_registers_nothing_and_shows_no_secret(desk: Client) -> None:
    form = _form("web", redirect_uris=CALLBACK)
    assert _secret_in(desk.post(page("client_add"), form).text)
    again = desk.post(page("client_add"), form)
    assert not _secret_in(again.text)
    assert application_model().objects.count() == 1


def test_each_line_of_addresses_is_judged_and_nothing_else_is_lost(desk: Client) -> None:
    lines = "\n".join((CALLBACK, "http://print.example.com/cb", "https://print.example.com/#x "))
    form = _form(
        "web", redirect_uris=lines, contacts="anna@example.com", client_uri="https://a.example.com"
    )
    answer = desk.post(page("client_add"), form)
    assert answer.status_code == 200
    assert not application_model().objects.exists()
    assert "2 lines break a rule" in answer.text
    assert "https://print.example.com/cb" in answer.text  # what to write instead
    for kept in ("anna@example.com", "https://a.example.com", "new-web", "Photo Print"):
        assert kept in answer.text
    assert answer.text.count("desk-uri--error") == 2
    assert answer.text.count("desk-uri--fine") == 1


def test_hints_judge_lines_without_storing_them(desk: Client) -> None:
    asked = {
        "lines": [CALLBACK, "javascript:alert(1)"],
        "kind": "web",
        "environment": "production",
        "purpose": "redirect",
        "origins": [],
    }
    answer = desk.post(page("client_inspect_uris"), json.dumps(asked), "application/json")
    assert [entry["verdict"] for entry in answer.json()["entries"]] == ["fine", "error"]
    assert not RedirectUri.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"lines": 1}', b"\xff", b'{"lines":["a"]}'])
def test_hints_refuse_what_is_no_question(desk: Client, body: bytes) -> None:
    assert desk.post(page("client_inspect_uris"), body, "application/json").status_code == 400


def test_saving_the_settings_unchanged_changes_nothing(desk: Client) -> None:
    desk.post(page("client_add"), _form("web", redirect_uris=CALLBACK, contacts="a@example.com"))
    application = application_model().objects.get()
    form = desk.get(page("client_change", application.pk)).context["form"]
    sent = {"kind": "web", "client_name": "Photo Print", "environment": "production"}
    sent |= {"redirect_uris": CALLBACK, "contacts": "a@example.com", "consent_mode": ""}
    sent |= {
        "grant_types": form.initial["grant_types"],
        "token_endpoint_auth_method": form.initial["token_endpoint_auth_method"],
    }
    answer = desk.post(page("client_change", application.pk), sent, follow=True)
    assert "Nothing changed." in answer.text


def test_a_change_is_saved_with_a_readable_history_and_an_event(desk: Client) -> None:
    desk.post(page("client_add"), _form("web", redirect_uris=CALLBACK))
    application = application_model().objects.get()
    sent = _form("web", redirect_uris=f"{CALLBACK}\n{CALLBACK}/two", verified="on")
    sent |= {"client_name": "Prints", "grant_types": ["authorization_code", "refresh_token"]}
    sent |= {"token_endpoint_auth_method": "client_secret_basic"}
    desk.post(page("client_change", application.pk), sent)
    application.refresh_from_db()
    assert application.redirect_uris.split() == [CALLBACK, f"{CALLBACK}/two"]
    assert application.idp_policy.verified
    message = LogEntry.objects.latest("pk").change_message
    assert "client_name: Photo Print → Prints" in message
    assert SecurityEvent.objects.filter(kind="client.changed").exists()


def test_an_owner_without_the_permission_cannot_make_the_client_trusted(desk: Client) -> None:
    application = make_application("web", redirect_uris=CALLBACK)
    browser = signed_in(f"{application._meta.app_label}.change_{application._meta.model_name}")
    sent = _form("spa", redirect_uris=CALLBACK, verified="on", first_party="on")
    sent |= {"environment": "development", "token_endpoint_auth_method": "client_secret_basic"}
    browser.post(page("client_change", application.pk), sent)
    policy = ClientPolicy.objects.get(application=application)
    assert (policy.kind, policy.environment) == ("web", "production")
    assert not policy.verified
    assert not policy.first_party
    application.refresh_from_db()
    assert application.name == "Photo Print"


def test_disabling_asks_for_a_reason_and_can_be_undone(desk: Client) -> None:
    application = make_application("web")
    address = page("client_disable", application.pk)
    assert desk.post(address, {"confirmed": "yes", "reason": " "}).status_code == 400
    assert ClientPolicy.objects.get(application=application).status == "active"
    desk.post(address, {"confirmed": "yes", "reason": "sends garbage"})
    policy = ClientPolicy.objects.get(application=application)
    assert (policy.status, policy.status_reason) == ("disabled", "sends garbage")
    desk.post(page("client_enable", application.pk), {"confirmed": "yes", "reason": "mended"})
    assert ClientPolicy.objects.get(application=application).status == "active"
    kinds = set(SecurityEvent.objects.values_list("kind", flat=True))
    assert {"client.disabled", "client.enabled"} <= kinds


def test_a_page_that_asks_changes_nothing(desk: Client, house: SimpleNamespace) -> None:
    for name in ("disable", "delete", "end_tokens"):
        desk.get(page(f"client_{name}", house.application.pk))
        desk.post(page(f"client_{name}", house.application.pk), {"reason": "no yes"})
    assert ClientPolicy.objects.get(application=house.application).status == "active"
    assert Authorization.objects.get().ended_at is None


@defect(22)
def test_a_client_with_tokens_is_deleted_and_the_ledger_stays(
    desk: Client, house: SimpleNamespace
) -> None:
    address = page("client_delete", house.application.pk)
    assert "Access tokens" in desk.get(address).text
    desk.post(address, {"confirmed": "yes", "reason": "shut down"})
    assert not application_model().objects.exists()
    assert not access_token_model().objects.exists()
    assert list(ConsentEvent.objects.values_list("kind", flat=True)) == ["granted", "revoked"]
    assert LogEntry.objects.filter(action_flag=3, object_repr="Photo Print").exists()


@defect(22)
def test_a_user_with_tokens_is_deleted(desk: Client, house: SimpleNamespace) -> None:
    address = page("auth_user_delete", house.user.pk)
    answer = desk.post(address, {"post": "yes"}, follow=True)
    assert answer.status_code == 200
    assert not type(house.user).objects.filter(pk=house.user.pk).exists()
    assert ConsentEvent.objects.exists()


def test_ending_all_tokens_leaves_consent_and_client(desk: Client, house: SimpleNamespace) -> None:
    desk.post(
        page("client_end_tokens", house.application.pk), {"confirmed": "yes", "reason": "leaked"}
    )
    assert not access_token_model().objects.exists()
    assert Authorization.objects.get().ended_reason == "leaked"
    house.consent.refresh_from_db()
    assert house.consent.status == "active"


def test_many_clients_are_disabled_at_once_with_one_reason(desk: Client) -> None:
    chosen = [make_application("web").pk for _ in range(3)]
    sent = {"action": "disable_selected", "_selected_action": chosen}
    assert "Disable these clients?" in desk.post(page("client_changelist"), sent).text
    desk.post(page("client_changelist"), {**sent, "confirmed": "yes", "reason": "audit"})
    assert ClientPolicy.objects.filter(status="disabled", status_reason="audit").count() == 3


def test_a_warning_is_accepted_with_a_reason_and_an_error_never(
    desk: Client, house: SimpleNamespace
) -> None:
    row = RedirectUri.objects.get()
    RedirectUri.objects.update(findings=[{"code": "odd", "severity": "warning", "message": "Odd."}])
    address = page("client_uri_accept", house.application.pk, row.pk)
    desk.post(address, {"confirmed": "yes", "reason": "known"})
    row.refresh_from_db()
    assert (row.accepted_by, row.accepted_reason) == ("operator", "known")
    RedirectUri.objects.update(
        findings=[{"code": "bad", "severity": "error", "message": "Bad."}], accepted_at=None
    )
    answer = desk.post(address, {"confirmed": "yes", "reason": "known"}, follow=True)
    assert "nobody can set aside" in answer.text


def test_an_address_of_another_client_is_not_touched(desk: Client, house: SimpleNamespace) -> None:
    other = make_application("web")
    row = RedirectUri.objects.filter(application=house.application).get()
    for name in ("client_uri_accept", "client_uri_remove"):
        sent = {"confirmed": "yes", "reason": "x"}
        assert desk.post(page(name, other.pk, row.pk), sent).status_code == 404
    secret = ClientSecret.objects.filter(application=house.application).first()
    assert secret is not None
    address = page("client_secret_revoke", other.pk, secret.pk)
    assert desk.post(address, {"confirmed": "yes"}).status_code == 404


@defect(22)
def test_a_client_is_found_by_name_id_host_and_owner(desk: Client) -> None:
    owner = make_user("berta")
    wanted = make_application(
        "web", name="Shoebox", client_id="box-1", user=owner,
        redirect_uris="https://pictures.example.org/cb",
    )  # fmt: skip
    make_application("web")
    for word in ("Shoe", "box-", "pictures.example", "example.org", "berta"):
        found = desk.get(page("client_changelist"), {"q": word}).context["cl"].result_list
        assert [row.pk for row in found] == [wanted.pk], word


def test_the_list_asks_the_same_number_of_times_for_two_and_for_fifty_clients(
    desk: Client, django_assert_max_num_queries: object
) -> None:
    for _ in range(50):
        make_application("service")
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        assert len(desk.get(page("client_changelist")).context["cl"].result_list) == 50


def test_every_filter_of_the_list_answers(desk: Client, house: SimpleNamespace) -> None:
    filters = {
        "kind": "web", "environment": "production", "status": "active", "trust": "unverified",
    }  # fmt: skip
    for name, value in filters.items():
        assert (
            len(desk.get(page("client_changelist"), {name: value}).context["cl"].result_list) == 1
        )
    for value in ("error", "warning", "accepted", "unused_uri", "unused", "secret_ends"):
        assert not desk.get(page("client_changelist"), {"finding": value}).context["cl"].result_list


def test_a_client_without_a_policy_row_is_shown_under_the_strict_defaults(desk: Client) -> None:
    application = make_application("web")
    ClientPolicy.objects.all().delete()
    assert desk.get(page("client_changelist")).status_code == 200
    for name in ("overview", "change", "secrets", "disable"):
        assert desk.get(page(f"client_{name}", application.pk)).status_code == 200


def test_a_client_id_leads_to_the_page_of_its_client(desk: Client, house: SimpleNamespace) -> None:
    answer = desk.get(page("client_by_client_id"), {"client_id": "photo-print"})
    assert answer["Location"] == page("client_overview", house.application.pk)
    assert desk.get(page("client_by_client_id"), {"client_id": "nobody"}).status_code == 404
