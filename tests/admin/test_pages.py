"""Every page of the desk opens, shows no token, and asks the database a bounded number of times."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client

from idp.conf import grant_model, id_token_model
from idp.models import ClientScope, SecurityEvent
from tests.admin.conftest import PLAIN, page, signed_in
from tests.thorough import share

LISTS = (
    "client_changelist",
    "idp_scope_changelist",
    "idp_scopepolicy_changelist",
    "idp_api_changelist",
    "idp_clientscope_changelist",
    "idp_consent_changelist",
    "idp_consentevent_changelist",
    "idp_consentsnapshot_changelist",
    "idp_authorization_changelist",
    "idp_clientlogo_changelist",
    "idp_clientlogo_fetch",
    "idp_logoutdelivery_changelist",
    "idp_securityevent_changelist",
    "idp_signingkey_changelist",
    "idp_sitestate_findings",
    "idp_sitestate_mode",
    "idp_explain",
    "idp_find_token",
    "idp_signingkey_rotate",
    "oauth2_provider_accesstoken_changelist",
    "oauth2_provider_refreshtoken_changelist",
    "oauth2_provider_grant_changelist",
    "oauth2_provider_idtoken_changelist",
    "client_add",
    "index",
)


def _object_pages(house: SimpleNamespace) -> list[str]:
    event = SecurityEvent.objects.filter(kind="authorization.refused").get()
    held = ClientScope.objects.get()
    client = house.application.pk
    return [
        *(
            page(f"client_{name}", client)
            for name in ("overview", "change", "secrets", "disable", "delete", "history")
        ),
        page("client_end_tokens", client),
        page("client_enable", client),
        page("idp_scope_change", house.scope.pk),
        page("idp_scopepolicy_change", house.policy.pk),
        page("idp_api_change", house.scope.api_id),
        page("idp_clientscope_change", held.pk),
        page("idp_clientscope_decide", held.pk),
        page("idp_consent_change", house.consent.pk),
        page("idp_consent_revoke", house.consent.pk),
        page("idp_consentevent_change", house.event.pk),
        page("idp_consentsnapshot_change", house.event.snapshot_digest),
        page("idp_authorization_change", house.authorization.pk),
        page("idp_authorization_end", house.authorization.pk),
        page("idp_securityevent_change", event.pk),
        page("idp_signingkey_change", house.key.pk),
        page("oauth2_provider_accesstoken_change", house.access.pk),
        page("oauth2_provider_refreshtoken_change", house.refresh.pk),
    ]


def test_every_list_opens_within_twenty_statements(
    desk: Client, house: SimpleNamespace, django_assert_max_num_queries: object
) -> None:
    for name in LISTS:
        with django_assert_max_num_queries(20, info=name):  # type: ignore[operator]
            assert desk.get(page(name)).status_code == 200, name


def test_every_page_of_an_object_opens_within_twenty_statements_and_shows_no_token(
    desk: Client, house: SimpleNamespace, django_assert_max_num_queries: object
) -> None:
    for address in _object_pages(house):
        with django_assert_max_num_queries(24, info=address):  # type: ignore[operator]
            answer = desk.get(address)
        assert answer.status_code == 200, address
        assert PLAIN not in answer.text, address
        assert house.application.plain_secret not in answer.text, address


def test_no_list_shows_a_token(desk: Client, house: SimpleNamespace) -> None:
    for name in LISTS:
        assert PLAIN not in desk.get(page(name)).text, name


def test_without_permissions_a_member_of_staff_sees_nothing(house: SimpleNamespace) -> None:
    browser = signed_in()
    for address in [*map(page, LISTS[:-1]), *_object_pages(house)]:
        assert browser.get(address).status_code in {403, 404}, address
        assert browser.post(address, {"confirmed": "yes", "reason": "x"}).status_code in {
            403,
            404,
        }, address


@pytest.mark.parametrize("address", ["%00", "0", "-1", "99999999999999999999999", "x/y", "é"])
def test_an_address_of_nothing_is_not_an_error_of_the_site(
    desk: Client, house: SimpleNamespace, address: str
) -> None:
    for name in (
        "client_overview",
        "client_secrets",
        "idp_consent_change",
        "idp_authorization_end",
        "idp_scope_change",
        "idp_clientscope_decide",
        "idp_securityevent_change",
    ):
        assert desk.get(page(name, "OBJECT").replace("OBJECT", address)).status_code < 500


def test_hostile_filters_and_searches_are_answered(desk: Client, house: SimpleNamespace) -> None:
    hostile = ("\x00", "'\"<script>", "%", "a" * 5000, "1e400", "-9223372036854775809", "٣")
    # In groups, so that what one parameter empties is still asked of the others.
    groups = (
        ("user", "q", "p", "state"),
        ("client", "o", "kind", "trust"),
        ("scope", "address", "finding"),
    )
    for turn, name in enumerate(LISTS[:12]):
        for group in groups:
            for value in share(hostile, of=2, turn=turn):
                answer = desk.get(page(name), dict.fromkeys(group, value), follow=True)
                assert answer.status_code < 500, (name, group, value)


def test_codes_and_id_tokens_are_found_by_client(desk: Client, house: SimpleNamespace) -> None:
    for model in (grant_model(), id_token_model()):
        name = f"{model._meta.app_label}_{model._meta.model_name}_changelist"
        assert desk.get(page(name), {"q": "photo-print"}).status_code == 200
