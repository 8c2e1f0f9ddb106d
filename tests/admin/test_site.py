"""Keys, the mode of the site, events, and the start page."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.test import Client
from django.utils import timezone

from idp.domain.decision import Reason, Severity
from idp.models import ClientSecret, RedirectUri, SecurityEvent, SigningKey, SiteState
from idp.services.event import Origin, record_event
from idp.services.site import set_mode
from tests.admin.conftest import page, signed_in
from tests.factories import add_scope, make_application

START = "/admin/idp/"
REASON = Reason(
    "not_registered", Severity.ERROR, "No %(scope)s here.", "RFC 6749 §3.3", {"scope": "a"}
)


def test_rotating_announces_a_key_and_shows_no_private_half(
    desk: Client, house: SimpleNamespace
) -> None:
    desk.post(page("idp_signingkey_rotate"), {"confirmed": "yes", "reason": "yearly"})
    announced = SigningKey.objects.get(state="announced")
    for key in SigningKey.objects.all():
        shown = desk.get(page("idp_signingkey_change", key.pk)).text
        assert key.private_key not in shown
    assert announced.kid in desk.get(page("idp_signingkey_changelist")).text


def test_who_may_only_look_cannot_rotate(house: SimpleNamespace) -> None:
    browser = signed_in("idp.view_signingkey")
    assert "Rotate" not in browser.get(page("idp_signingkey_changelist")).text
    assert browser.post(page("idp_signingkey_rotate"), {"confirmed": "yes"}).status_code == 403
    assert SigningKey.objects.count() == 1


def test_enforcing_shows_first_what_it_would_refuse(desk: Client, db: None) -> None:
    set_mode("report", now=timezone.now())
    record_event("scope.would_refuse", severity="info", client_id="old-app", reasons=[REASON])
    shown = desk.get(page("idp_sitestate_mode")).text
    assert "not_registered" in shown
    assert "old-app" in shown
    assert "not_registered" in desk.get(page("idp_sitestate_mode"), {"switch": "1"}).text
    desk.post(page("idp_sitestate_mode"), {"switch": "1"})
    assert SiteState.objects.get().mode == "report"
    assert desk.post(page("idp_sitestate_mode"), {"confirmed": "yes"}).status_code == 400
    desk.post(page("idp_sitestate_mode"), {"confirmed": "yes", "reason": "ready"})
    assert SiteState.objects.get().mode == "enforce"
    assert SecurityEvent.objects.filter(kind="site.mode_changed").exists()


def test_who_may_only_look_cannot_switch_the_mode(house: SimpleNamespace) -> None:
    before = SiteState.objects.get().mode
    browser = signed_in("idp.view_sitestate")
    assert browser.get(page("idp_sitestate_mode")).status_code == 200
    assert browser.post(page("idp_sitestate_mode"), {"confirmed": "yes"}).status_code == 403
    assert SiteState.objects.get().mode == before


def test_events_are_filtered_and_found_by_reference(desk: Client, house: SimpleNamespace) -> None:
    record_event("token.refused", client_id="other", origin=Origin("198.51.100.1", "", "ref-2"))
    listing = page("idp_securityevent_changelist")
    for asked, kinds in (
        ({"q": "ref-2"}, {"token.refused"}),
        ({"q": "other"}, {"token.refused"}),
        ({"kind": "token.refused"}, {"token.refused"}),
        ({"kind": "token."}, {"token.refused"}),
        ({"address": "198.51.100.1"}, {"token.refused"}),
        ({"client": "other"}, {"token.refused"}),
        ({"user": "anna"}, {"authorization.refused"}),
    ):
        found = desk.get(listing, asked).context["cl"].result_list
        assert {event.kind for event in found} == kinds, asked


def test_reasons_are_sentences_and_hostile_text_is_only_text(desk: Client, db: None) -> None:
    nasty = "<script>alert(1)</script>"
    record_event(
        "authorization.refused", client_id=nasty,
        reasons=[Reason("odd", Severity.ERROR, "Seen: %(what)s", "", {"what": nasty})],
        detail={"uri": nasty, "scope": nasty},
    )  # fmt: skip
    event = SecurityEvent.objects.get()
    for address in (
        page("idp_securityevent_changelist"),
        page("idp_securityevent_change", event.pk),
    ):
        answer = desk.get(address)
        assert nasty not in answer.text
        assert "Seen: &lt;script&gt;" in answer.text


def test_words_of_another_version_are_still_shown(desk: Client, db: None) -> None:
    record_event("authorization.refused", reasons=[REASON])
    SecurityEvent.objects.update(
        reasons=[
            {"code": "old", "text": "%(gone)s %", "params": {}, "message": "Old words"},
            {"code": "bare"},
        ]
    )
    shown = desk.get(page("idp_securityevent_changelist")).text
    assert "bare" in shown


def test_the_start_page_names_what_needs_a_hand_in_few_statements(
    desk: Client, house: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    add_scope(house.application, "payments", state="requested", requested_at=timezone.now())
    ClientSecret.objects.update(expires_at=timezone.now() + timezone.timedelta(days=3))
    RedirectUri.objects.update(findings=[{"code": "bad", "severity": "error", "message": "Bad."}])
    record_event("token.replayed", severity="error", client_id="photo-print")
    with django_assert_max_num_queries(9):
        answer = desk.get(START)
    words = [task.words for task in answer.context["tasks"]]
    assert words[:2] == [
        "Codes or refresh tokens used twice in the last 7 days: 1",
        "Addresses that break a rule: 1",
    ]  # fmt: skip
    assert "Requests for a scope that wait for a decision: 1" in words
    assert any(text.startswith("Secrets that end within 14 days") for text in words)
    for task in answer.context["tasks"]:
        assert desk.get(task.url, follow=True).status_code == 200


def test_a_secret_that_ends_in_a_rotation_is_no_task(desk: Client, house: SimpleNamespace) -> None:
    soon = timezone.now() + timezone.timedelta(days=3)
    row = ClientSecret.objects.filter(application=house.application).first()
    assert row is not None
    ClientSecret.objects.create(
        application=house.application, label="old", salt="a", digest="b", expires_at=soon
    )
    assert not [task for task in desk.get(START).context["tasks"] if "Secrets" in task.words]
    ClientSecret.objects.filter(pk=row.pk).update(revoked_at=timezone.now())
    ClientSecret.objects.exclude(label="old").filter(revoked_at=None).delete()
    assert [task for task in desk.get(START).context["tasks"] if "Secrets" in task.words]


def test_each_task_leads_to_rows(desk: Client, house: SimpleNamespace) -> None:
    RedirectUri.objects.update(findings=[{"code": "bad", "severity": "error", "message": "Bad."}])
    task = next(task for task in desk.get(START).context["tasks"] if "break a rule" in task.words)
    assert len(desk.get(task.url).context["cl"].result_list) == 1


def test_the_start_page_shows_only_what_the_reader_may_put_right(house: SimpleNamespace) -> None:
    add_scope(make_application("web"), "payments", state="requested", requested_at=timezone.now())
    record_event("token.replayed", severity="error", client_id="photo-print")
    answer = signed_in("idp.view_clientscope").get(START)
    assert [task.words for task in answer.context["tasks"]] == [
        "Requests for a scope that wait for a decision: 1"
    ]
    assert answer.context["charts"] == []


def test_charts_count_by_day(desk: Client, house: SimpleNamespace) -> None:
    charts = {str(chart.title): chart for chart in desk.get(START).context["charts"]}
    assert charts["Authorizations"].bars[-1].count == 1
    assert charts["Consents given"].bars[-1].count == 1
    assert len(charts["Authorizations"].bars) == 30


def test_refusals_are_drawn_by_reason_with_the_rare_ones_together(
    desk: Client, db: None, django_assert_max_num_queries: Any
) -> None:
    for number in range(7):
        reason = Reason(f"reason_{number}", Severity.ERROR, "No.", "")
        for _ in range(7 - number):
            record_event("authorization.refused", reasons=[reason])
    with django_assert_max_num_queries(9):
        answer = desk.get(START)
    chart = next(c for c in answer.context["charts"] if c.title == "Refusals by reason")
    assert [(str(part.title), part.total) for part in chart.parts] == [
        *((f"reason_{number}", 7 - number) for number in range(5)),
        ("Other reasons", 3),
    ]
    assert chart.total == 28
    # On one scale: the most frequent reason is as high as the chart, another in proportion.
    heights = [part.bars[-1].height for part in chart.parts]
    assert heights[0] == chart.height > heights[1]
    assert 'aria-label="reason_0: 7 in 30 days, at most 7 a day"' in answer.text
    assert '<th scope="col">reason_0</th>' in answer.text


def test_without_refusals_the_chart_is_empty_and_undivided(desk: Client, db: None) -> None:
    chart = desk.get(START).context["charts"][-1]
    assert (str(chart.title), chart.total, chart.parts) == ("Refusals by reason", 0, ())


def test_the_list_of_clients_counts_clients(desk: Client, house: SimpleNamespace) -> None:
    address = page("client_changelist")
    assert "1 client\n" in desk.get(address).text
    make_application("web")
    answer = desk.get(address)
    assert "2 clients\n" in answer.text
    assert "applications" not in answer.text.partition('id="changelist"')[2]
