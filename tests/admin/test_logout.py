"""Sign-out messages at the desk, and logos that an operator fetches."""

from __future__ import annotations

from typing import Any

from django.test import Client

from idp.models import LogoutDelivery
from idp.services.logo import current_logo
from tests.admin.conftest import page
from tests.admin.role_table import YES
from tests.services import test_logo as logos
from tests.services.test_logout import make_client, signed_out


def test_a_message_that_was_given_up_is_sent_again_by_hand(desk: Client) -> None:
    signed_out(make_client())
    LogoutDelivery.objects.update(state="failed", attempts=8, answer="503")
    row = LogoutDelivery.objects.get()
    listed = desk.get(f"{page('idp_logoutdelivery_changelist')}?state__exact=failed").text
    assert "503" in listed
    assert "8 / 8" in listed
    sent = {"action": "retry_selected", "_selected_action": [row.pk]}

    asked = desk.post(page("idp_logoutdelivery_changelist"), sent)
    assert "Send these messages again?" in asked.text
    desk.post(page("idp_logoutdelivery_changelist"), {**sent, **YES})

    row.refresh_from_db()
    assert (row.state, row.attempts) == ("waiting", 0)
    assert desk.get(page("idp_logoutdelivery_change", row.pk)).status_code == 200


def test_an_operator_fetches_a_logo_and_hears_why_it_failed(settings: Any, desk: Client) -> None:
    address = page("idp_clientlogo_fetch")
    with logos.pictures(settings) as (uri, _requests):
        good, bad = logos.make_client(uri), logos.make_client("https://127.0.0.1/logo.png")
        desk.post(address, {"client": bad.pk})
        failed = desk.get(address).text
        desk.post(address, {"client": good.pk})
        shown = desk.get(address).text

    assert "was not fetched. The host leads to an address that is not public" in failed
    assert "is shown" in shown
    assert f"/o/logo/{current_logo(good)}/" in shown
    assert f"/o/logo/{current_logo(good)}/" in desk.get(page("idp_clientlogo_changelist")).text
