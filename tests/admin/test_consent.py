"""Consents and their ledger: taken back with a reason, read by many, changed by nobody."""

from __future__ import annotations

import csv
import io
import json
from types import SimpleNamespace

from django.test import Client

from idp.conf import access_token_model
from idp.models import Authorization, Consent, ConsentEvent
from tests.admin.conftest import page, signed_in
from tests.factories import grant, make_application, make_scope, make_user


def _text(response: object) -> str:
    return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]


def test_revoking_says_what_ends_and_is_recorded_as_the_operators(
    desk: Client, house: SimpleNamespace
) -> None:
    address = page("idp_consent_revoke", house.consent.pk)
    counts = dict(desk.get(address).context["question"].counts)
    assert {str(words): number for words, number in counts.items()} == {
        "Consents that hold": 1, "Users": 1, "Clients": 1, "Live authorizations that end": 1,
    }  # fmt: skip
    desk.post(address, {"confirmed": "yes", "reason": "asked by phone"})
    event = ConsentEvent.objects.latest("pk")
    assert (event.kind, event.actor, event.actor_name) == ("revoked", "operator", "operator")
    assert event.reason == "asked by phone"
    assert Authorization.objects.get().ended_at is not None
    assert not access_token_model().objects.exists()


def test_revoking_needs_a_reason(desk: Client, house: SimpleNamespace) -> None:
    answer = desk.post(page("idp_consent_revoke", house.consent.pk), {"confirmed": "yes"})
    assert answer.status_code == 400
    assert Consent.objects.get().status == "active"


def test_chosen_consents_are_revoked_together(desk: Client, house: SimpleNamespace) -> None:
    other = grant(make_user(), house.application, "photos:read")
    sent = {"action": "revoke_selected", "_selected_action": [house.consent.pk, other.pk]}
    asked = desk.post(page("idp_consent_changelist"), sent)
    assert "Revoke these consents?" in asked.text
    desk.post(page("idp_consent_changelist"), {**sent, "confirmed": "yes", "reason": "incident"})
    assert not Consent.objects.filter(status="active").exists()


def test_who_may_only_look_cannot_revoke(house: SimpleNamespace) -> None:
    browser = signed_in("idp.view_consent")
    assert browser.get(page("idp_consent_change", house.consent.pk)).status_code == 200
    sent = {"confirmed": "yes", "reason": "x"}
    assert browser.post(page("idp_consent_revoke", house.consent.pk), sent).status_code == 403
    chosen = {"action": "revoke_selected", "_selected_action": [house.consent.pk], **sent}
    browser.post(page("idp_consent_changelist"), chosen)
    assert Consent.objects.get().status == "active"


def test_the_help_desk_revokes_but_reads_no_secret_and_changes_no_policy(
    house: SimpleNamespace,
) -> None:
    browser = signed_in("idp.view_consent", "idp.revoke_consent")
    browser.post(page("idp_consent_revoke", house.consent.pk), {"confirmed": "yes", "reason": "x"})
    assert Consent.objects.get().status == "revoked"
    assert browser.get(page("client_secrets", house.application.pk)).status_code in {403, 404}
    assert browser.get(page("idp_scopepolicy_change", house.policy.pk)).status_code == 403


def test_consents_are_found_by_user_client_and_scope(desk: Client, house: SimpleNamespace) -> None:
    other = make_application("web", scopes=("other",))
    grant(make_user("berta"), other, "other")
    for asked in (
        {"q": "ann"},
        {"q": "photo-"},
        {"user": "anna@example.com"},
        {"scope": "photos:read"},
    ):
        found = desk.get(page("idp_consent_changelist"), asked).context["cl"].result_list
        assert [row.pk for row in found] == [house.consent.pk], asked


def test_nobody_changes_the_ledger(desk: Client, house: SimpleNamespace) -> None:
    for name in ("idp_consentevent", "idp_consentsnapshot"):
        assert desk.get(page(f"{name}_add")).status_code == 403
    for action in ("change", "delete"):
        address = page(f"idp_consentevent_{action}", house.event.pk)
        assert desk.post(address, {"post": "yes", "reason": "x"}).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": [house.event.pk], "post": "yes"}
    desk.post(page("idp_consentevent_changelist"), sent)
    assert ConsentEvent.objects.get() == house.event


def test_an_event_shows_the_page_as_the_person_saw_it(desk: Client, house: SimpleNamespace) -> None:
    shown = desk.get(page("idp_consentevent_change", house.event.pk)).text
    assert "See your photos" in shown
    assert "client.example.com" in shown
    assert "192.0.2.7" in shown


def test_the_ledger_is_filtered_by_user_client_scope_and_kind(
    desk: Client, house: SimpleNamespace
) -> None:
    make_scope("photos:readall")
    grant(make_user("berta"), make_application("web", scopes=("photos:readall",)), "photos:readall")
    key = house.event.subject_key
    for asked in (
        {"user": "anna"},
        {"user": key},
        {"client": "photo-print"},
        {"scope": "photos:read"},
    ):
        found = desk.get(page("idp_consentevent_changelist"), asked).context["cl"].result_list
        assert list(found) == [house.event], asked
    found = desk.get(page("idp_consentevent_changelist"), {"kind__exact": "revoked"})
    assert not found.context["cl"].result_list


def test_the_export_streams_what_the_filters_choose(desk: Client, house: SimpleNamespace) -> None:
    grant(make_user("berta"), make_application("web", scopes=("other",)), "other")
    answer = desk.get(page("idp_consentevent_export", "csv"), {"user": "anna"})
    assert answer.streaming
    assert "no-store" in answer["Cache-Control"]
    rows = list(csv.DictReader(io.StringIO(_text(answer))))
    assert [row["digest"] for row in rows] == [house.event.digest]
    exported = json.loads(_text(desk.get(page("idp_consentevent_export", "json"))))
    assert len(exported) == 2
    assert desk.get(page("idp_consentevent_export", "xml")).status_code == 404


def test_an_export_runs_no_formula_in_a_spreadsheet(desk: Client) -> None:
    client = make_application("web", name="=1+1", scopes=("a",))
    grant(make_user(), client, "a")
    row = next(csv.DictReader(io.StringIO(_text(desk.get(page("idp_consentevent_export", "csv"))))))
    assert row["client_name"] == "'=1+1"


def test_without_permission_nothing_is_exported(house: SimpleNamespace) -> None:
    assert signed_in().get(page("idp_consentevent_export", "csv")).status_code == 403
