"""Long lists are paged by place, and repeated events are seen as one."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from idp.admin.event import SecurityEventAdmin
from idp.admin.ledger import ConsentEventAdmin
from idp.services.event import Origin, record_event
from tests.admin.conftest import page
from tests.factories import grant, make_user

EVENTS = "idp_securityevent_changelist"
LEDGER = "idp_consentevent_changelist"


def test_older_rows_are_reached_page_by_page_without_a_count(
    desk: Client, house: SimpleNamespace, monkeypatch: Any
) -> None:
    monkeypatch.setattr(ConsentEventAdmin, "list_per_page", 2)
    for _n in range(4):
        grant(make_user(), house.application, "photos:read")
    seen: list[int] = []
    query = "?client=photo-print"
    statements = []
    while query:
        with CaptureQueriesContext(connection) as queries:
            listed = desk.get(page(LEDGER) + query).context["cl"]
        statements.append(len(queries))
        assert "COUNT(*)" not in str(queries.captured_queries)
        seen += [row.pk for row in listed.result_list]
        query = listed.older
    assert seen == sorted(set(seen), reverse=True)
    assert (len(seen), len(set(statements))) == (5, 1)


def test_rows_of_the_same_moment_are_neither_lost_nor_repeated(
    desk: Client, house: SimpleNamespace, monkeypatch: Any
) -> None:
    monkeypatch.setattr(SecurityEventAdmin, "list_per_page", 3)
    now = timezone.now() - timedelta(days=1)
    for number in range(7):
        record_event("same.moment", client_id=f"client-{number}", now=now)
    seen = []
    query = "?kind=same.moment"
    while query:
        listed = desk.get(page(EVENTS) + query).context["cl"]
        seen += [row.client_id for row in listed.result_list]
        query = listed.older
    assert sorted(seen) == [f"client-{number}" for number in range(7)]


def test_a_place_that_is_none_begins_at_the_newest(desk: Client, house: SimpleNamespace) -> None:
    for place in ("x", "~", "2026-01-01~3", "2026-01-01T00:00:00+00:00~x", "9999-99-99~1", "\0~1"):
        listed = desk.get(page(EVENTS), {"before": place}).context["cl"]
        assert listed.result_list, place


def test_a_client_that_repeats_does_not_hide_an_attack(
    desk: Client, house: SimpleNamespace
) -> None:
    now = timezone.now()
    for number in range(30):
        record_event(
            "token.refused", client_id="broken", origin=Origin(f"192.0.2.{number}"), now=now
        )
    record_event("token.replayed", severity="error", client_id="victim", now=now)

    shown = desk.get(page("idp_securityevent_groups")).text

    assert shown.index("victim") < shown.index("broken")
    assert shown.count("token.refused</code>") == 1
    assert ">30<" in shown
    week = desk.get(page("idp_securityevent_groups"), {"hours": "168"}).text
    assert week.count("token.refused</code>") == 1
    old = desk.get(page("idp_securityevent_groups"), {"hours": "no number"})
    assert old.status_code == 200


def test_a_list_is_not_sorted_by_a_column_that_is_not_offered(
    desk: Client, house: SimpleNamespace
) -> None:
    listed = desk.get(page("idp_consent_changelist"), {"o": "-5"}).context["cl"]

    assert "last_used_at" not in str(listed.queryset.query.order_by)
