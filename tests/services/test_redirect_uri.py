"""What is known about registered URIs, and the guard on every save of a client."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from idp.conf import application_model
from idp.models import RedirectUri, SecurityEvent
from idp.services import redirect_uri as service
from idp.services.change import Refused
from idp.services.redirect_uri import (
    accept_findings,
    findings,
    record_use,
    registered_uris,
    remove_redirect_uri,
    sync_redirect_uris,
    unused_redirect_uris,
)
from idp.services.redirect_uri_guard import new_faults
from idp.services.site import set_mode
from tests.factories import make_application, make_user, register_broken_uris

pytestmark = pytest.mark.django_db

GOOD = "https://client.shop-photos.com/callback"
OTHER = "https://client.shop-photos.com/other"
BROKEN = "http://client.shop-photos.com/callback#x"


@pytest.fixture(autouse=True)
def _forget_uses():
    service._recorded.clear()


def rows(application):
    return {row.uri: row for row in RedirectUri.objects.filter(application=application)}


def test_rows_follow_the_text_of_the_toolkit(now):
    application = make_application(redirect_uris=(GOOD,))
    application.redirect_uris = f"{OTHER}\n{GOOD}"
    application.save()
    assert set(rows(application)) == {GOOD, OTHER}
    application.redirect_uris = OTHER
    application.save()
    assert set(rows(application)) == {OTHER}


def test_a_row_remembers_how_the_uri_came_in(now):
    application = make_application(redirect_uris=(GOOD,))
    register_broken_uris(application, GOOD, OTHER)
    sync_redirect_uris(application, source="existing", now=now)
    assert {uri: row.source for uri, row in rows(application).items()} == {
        GOOD: "code",
        OTHER: "existing",
    }


def test_post_logout_uris_are_judged_as_well():
    application = make_application(redirect_uris=(GOOD,), post_logout_redirect_uris=OTHER)
    assert {(row.purpose, row.uri) for row in RedirectUri.objects.all()} == {
        ("redirect", GOOD),
        ("post_logout", OTHER),
    }
    assert [found.purpose for found in findings(application)] == ["redirect", "post_logout"]


def test_findings_are_stored_with_the_words_of_the_rule(now):
    application = register_broken_uris(make_application(), BROKEN)
    sync_redirect_uris(application, source="existing", now=now)
    stored = rows(application)[BROKEN].findings
    assert "fragment" in {finding["code"] for finding in stored}
    assert all(set(finding) >= {"severity", "message", "reference"} for finding in stored)


def test_text_is_cut_as_the_toolkit_cuts_it():
    application = make_application()
    application.redirect_uris = f" {GOOD}\r\n{OTHER}  "
    assert registered_uris(application) == (GOOD, OTHER)


def test_use_is_one_write_an_hour(now, django_assert_num_queries):
    application = make_application(redirect_uris=(GOOD,))
    with django_assert_num_queries(1):
        record_use(application, GOOD, now)
        record_use(application, GOOD, now + timedelta(minutes=59))
    with django_assert_num_queries(1):
        record_use(application, GOOD, now + timedelta(minutes=60))
    row = rows(application)[GOOD]
    assert (row.first_used_at, row.last_used_at) == (now, now + timedelta(minutes=60))
    assert row.used_hours == 2


def test_another_process_that_uses_the_uri_counts_the_hour_only_once(now):
    application = make_application(redirect_uris=(GOOD,))
    record_use(application, GOOD, now)
    service._recorded.clear()
    record_use(application, GOOD, now + timedelta(minutes=30))
    row = rows(application)[GOOD]
    assert (row.last_used_at, row.used_hours) == (now, 1)


def test_use_of_a_uri_without_a_row_does_no_harm(now):
    record_use(make_application(), "https://elsewhere.example", now)
    assert not RedirectUri.objects.exclude(last_used_at=None).exists()


def test_the_memory_of_uses_is_bounded(now, monkeypatch):
    monkeypatch.setattr(service, "MAX_REMEMBERED_USES", 3)
    application = make_application()
    for number in range(10):
        record_use(application, f"https://a.example/{number}", now)
    assert len(service._recorded) == 3


def test_a_warning_is_accepted_with_a_reason(now):
    application = make_application("native", redirect_uris=("http://localhost/callback",))
    row = rows(application)["http://localhost/callback"]
    assert {finding["severity"] for finding in row.findings} == {"warning"}

    row = accept_findings(row, by=make_user("olga"), reason="Old clients", now=now)

    assert (row.accepted_by, row.accepted_at, row.accepted_reason) == ("olga", now, "Old clients")
    assert SecurityEvent.objects.filter(kind="client.redirect_uri_accepted").exists()


def test_a_warning_is_not_accepted_without_a_reason():
    application = make_application("native", redirect_uris=("http://localhost/callback",))
    with pytest.raises(Refused) as refusal:
        accept_findings(rows(application)["http://localhost/callback"], by=None, reason=" ")
    assert refusal.value.errors[0][1].code == "no_reason"


def test_an_error_is_never_accepted(now):
    application = register_broken_uris(make_application(), BROKEN)
    sync_redirect_uris(application, source="existing", now=now)
    with pytest.raises(Refused) as refusal:
        accept_findings(rows(application)[BROKEN], by=make_user(), reason="But I want it")
    assert refusal.value.errors[0][1].code == "has_errors"


def test_there_is_nothing_to_accept_about_a_good_uri():
    application = make_application(redirect_uris=(GOOD,))
    with pytest.raises(Refused) as refusal:
        accept_findings(rows(application)[GOOD], by=make_user(), reason="Fine")
    assert refusal.value.errors[0][1].code == "no_warning"


def test_an_acceptance_ends_when_a_new_finding_comes(now):
    application = make_application("native", redirect_uris=("http://localhost/callback",))
    row = accept_findings(
        rows(application)["http://localhost/callback"], by="olga", reason="Old clients"
    )
    application.idp_policy.kind = "web"
    application.idp_policy.save()
    sync_redirect_uris(application, source="admin", now=now)
    row.refresh_from_db()
    assert row.accepted_at is None


def test_unused_uris_are_found_but_never_the_last_one(now):
    used = make_application(redirect_uris=(GOOD, OTHER))
    make_application(redirect_uris=(GOOD,))
    RedirectUri.objects.update(created_at=now - timedelta(days=91))
    record_use(used, GOOD, now - timedelta(days=89))

    assert [row.uri for row in unused_redirect_uris(now)] == [OTHER]
    assert [row.uri for row in unused_redirect_uris(now, application=used)] == [OTHER]


def test_a_new_uri_is_not_yet_unused(now):
    make_application(redirect_uris=(GOOD, OTHER))
    RedirectUri.objects.update(created_at=now - timedelta(days=89))
    assert unused_redirect_uris(now) == []


def test_a_removed_uri_is_gone_from_the_text():
    application = make_application(redirect_uris=(GOOD, OTHER))
    remove_redirect_uri(rows(application)[OTHER], by=make_user())
    application.refresh_from_db()
    assert application.redirect_uris == GOOD
    assert set(rows(application)) == {GOOD}


def test_a_plain_save_of_a_broken_uri_is_refused_while_enforcing():
    application = make_application(redirect_uris=(GOOD,))
    application.redirect_uris = f"{GOOD} {BROKEN}"
    with pytest.raises(ValidationError) as refusal:
        application.save()
    assert "redirect_uris" in refusal.value.message_dict
    assert BROKEN in str(refusal.value.message_dict["redirect_uris"])
    application.refresh_from_db()
    assert application.redirect_uris == GOOD


def test_a_plain_save_of_a_broken_uri_is_only_reported_in_report_mode():
    set_mode("report")
    application = make_application(redirect_uris=(GOOD,))
    application.redirect_uris = BROKEN
    application.save()
    event = SecurityEvent.objects.get(kind="redirect_uri.reported")
    assert event.client_id == application.client_id
    assert {reason["code"] for reason in event.reasons} >= {"fragment"}
    assert set(rows(application)) == {BROKEN}


def test_the_client_s_own_mode_goes_before_the_site_s():
    set_mode("report")
    application = make_application(redirect_uris=(GOOD,), enforcement="enforce")
    application.redirect_uris = BROKEN
    with pytest.raises(ValidationError):
        application.save()


def test_a_broken_uri_that_is_there_already_does_not_stop_other_changes():
    application = register_broken_uris(make_application(), BROKEN)
    application.name = "Renamed"
    application.save()
    assert application_model().objects.get().name == "Renamed"
    assert new_faults(application) == []


def test_a_save_of_other_fields_is_not_judged(django_assert_num_queries):
    application = make_application(redirect_uris=(GOOD,))
    application.redirect_uris = BROKEN
    application.save(update_fields=("name",))
    assert application_model().objects.get().redirect_uris == GOOD


def test_a_new_client_with_a_broken_uri_is_refused():
    with pytest.raises(ValidationError):
        make_application(redirect_uris=("javascript:alert(1)",))
    assert not application_model().objects.exists()


def test_text_with_percent_signs_makes_a_readable_refusal():
    application = make_application()
    application.redirect_uris = "https://client.shop-photos.com/%zz%s"
    with pytest.raises(ValidationError) as refusal:
        application.save()
    assert "%zz" in str(refusal.value.message_dict)


def test_a_wildcard_needs_the_site_s_leave_and_an_end(settings, now):
    wild = "https://*.preview.shop-photos.com/callback"
    application = register_broken_uris(make_application(environment="development"), wild)
    assert findings(application, now=now)[0].is_error
    settings.IDP = {**settings.IDP, "REDIRECT_URI_WILDCARDS": True}
    sync_redirect_uris(application, source="admin", now=now)
    RedirectUri.objects.update(wildcard_until=now + timedelta(days=7))
    assert not findings(application, now=now)[0].is_error
    assert findings(application, now=now + timedelta(days=8))[0].is_error
