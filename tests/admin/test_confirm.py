"""Before something ends: none, one or many of it, and what can be undone."""

from __future__ import annotations

from types import SimpleNamespace

from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from idp.admin.take_back import address as take_back
from idp.models import Authorization, BulkTask, ClientPolicy, Consent, SecurityEvent
from idp.services.authorization import Granting, create_authorization
from tests.admin.conftest import page
from tests.admin.role_table import YES
from tests.factories import grant, make_user


def test_where_nothing_is_left_nothing_is_asked_and_nothing_happens(
    desk: Client, house: SimpleNamespace
) -> None:
    now = timezone.now()
    Authorization.objects.update(ended_at=now)
    Consent.objects.update(status="revoked", ended_at=now)
    idle = make_user("idle")
    pages = {
        page("idp_authorization_end", house.authorization.pk): "there is nothing to end",
        page("idp_consent_revoke", house.consent.pk): "there is nothing to revoke",
        take_back("admin", user=idle.username): "Nobody holds anything of this",
    }
    before = SecurityEvent.objects.count()
    for address, words in pages.items():
        for answer in (desk.get(address), desk.post(address, YES)):
            assert answer.status_code == 200, address
            assert words in answer.text, address
            assert 'name="reason"' not in answer.text, address
    chosen = {"action": "end_selected", "_selected_action": [house.authorization.pk], **YES}
    assert "nothing to end" in desk.post(page("idp_authorization_changelist"), chosen).text
    assert not LogEntry.objects.exists()
    assert not BulkTask.objects.exists()
    assert SecurityEvent.objects.count() == before


def test_one_is_called_one_and_many_are_counted(desk: Client, house: SimpleNamespace) -> None:
    one = desk.get(page("idp_authorization_end", house.authorization.pk)).text
    assert "End this authorization?" in one
    assert "<dd>1</dd>" in one

    berta = make_user("berta")
    consent = grant(berta, house.application, "photos:read")
    granting = Granting(
        user=berta, application=house.application, scopes=("photos:read",), consent=consent
    )
    other = create_authorization(granting, now=timezone.now())
    chosen = [house.authorization.pk, other.pk]
    sent = {"action": "end_selected", "_selected_action": chosen}
    many = desk.post(page("idp_authorization_changelist"), sent).text
    assert "End these authorizations?" in many
    assert "<dd>2</dd>" in many
    assert "berta" in many
    assert "anna" in many

    consents = {"action": "revoke_selected", "_selected_action": [house.consent.pk, consent.pk]}
    asked = desk.post(page("idp_consent_changelist"), consents).text
    assert "Revoke these consents?" in asked
    desk.post(page("idp_consent_changelist"), {**consents, **YES})
    assert set(Consent.objects.values_list("status", flat=True)) == {"revoked"}
    assert not Authorization.objects.filter(ended_at=None).exists()


def test_what_can_be_undone_says_how(desk: Client, house: SimpleNamespace) -> None:
    disable = page("client_disable", house.application.pk)
    enable = page("client_enable", house.application.pk)
    assert f'href="{enable}"' in desk.post(disable, YES, follow=True).text
    assert ClientPolicy.objects.get().status == "disabled"
    assert f'href="{disable}"' in desk.post(enable, YES, follow=True).text
    assert ClientPolicy.objects.get().status == "active"


def test_deleting_a_scope_says_first_who_holds_it(desk: Client, house: SimpleNamespace) -> None:
    asked = desk.get(page("idp_scope_delete", house.scope.pk)).text
    for words in (
        "Clients that may ask for it: 1",
        "Consents that grant it: 1",
        "Live authorizations that hold it: 1",
    ):
        assert words in asked
