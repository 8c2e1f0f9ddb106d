"""An operator's day at the desk: every page at both widths, and what is done there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Error

from idp.conf import application_model
from idp.models import Authorization, ClientPolicy, ClientScope, ScopePolicy, SecurityEvent
from idp.services.client_secret import check_client_secret
from tests.admin.conftest import PLAIN, make_house
from tests.admin.conftest import page as address
from tests.browser.look import Look, inspect_page, sign_in
from tests.factories import add_scope, make_application, make_policy, make_scope, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = (Look(), Look(width=390, scheme="dark"))
LISTS = (
    "client_changelist",
    "client_add",
    "idp_scope_changelist",
    "idp_scope_add",
    "idp_scopepolicy_changelist",
    "idp_scopepolicy_add",
    "idp_api_changelist",
    "idp_clientscope_changelist",
    "idp_consent_changelist",
    "idp_consentevent_changelist",
    "idp_authorization_changelist",
    "idp_securityevent_changelist",
    "idp_signingkey_changelist",
    "idp_sitestate_mode",
    "idp_find_token",
    "idp_explain",
    "oauth2_provider_accesstoken_changelist",
)


@pytest.fixture
def house(db: None) -> SimpleNamespace:
    """One of everything."""
    return make_house()


@pytest.fixture
def operator(db: None) -> Any:
    """Who may do everything."""
    return make_user("operator", is_staff=True, is_superuser=True)


def _pages(house: SimpleNamespace) -> dict[str, str]:
    client, event = house.application.pk, SecurityEvent.objects.get(kind="authorization.refused")
    explain = f"?client={client}&user={house.user.pk}&scope=photos:read"
    return {
        "start": "/admin/idp/",
        **{name: address(name) for name in LISTS},
        "client-add-web": f"{address('client_add')}?kind=web",
        "client-overview": address("client_overview", client),
        "client-settings": address("client_change", client),
        "client-secrets": address("client_secrets", client),
        "client-disable": address("client_disable", client),
        "scope": address("idp_scope_change", house.scope.pk),
        "policy": address("idp_scopepolicy_change", house.policy.pk),
        "consent": address("idp_consent_change", house.consent.pk),
        "ledger-event": address("idp_consentevent_change", house.event.pk),
        "authorization": address("idp_authorization_change", house.authorization.pk),
        "event": address("idp_securityevent_change", event.pk),
        "decide": address("idp_clientscope_decide", ClientScope.objects.get().pk),
        "explained": f"{address('idp_explain')}{explain}",
    }


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_page_fits_and_axe_finds_nothing(
    open_page: Any, operator: Any, house: SimpleNamespace, look: Look
) -> None:
    page = open_page(look)
    sign_in(page, operator)
    for name, place in _pages(house).items():
        page.goto(place)
        inspect_page(page, f"admin-{name}-{look}")


def test_a_web_app_is_registered_and_its_secret_copied_once(page: Any, operator: Any) -> None:
    make_scope("photos:read", title="See your photos")
    sign_in(page, operator)
    page.goto(address("client_add"))
    page.get_by_role("link", name="Web app").click()
    page.get_by_label("Name", exact=False).first.fill("Photo Print")
    uris = page.get_by_label("Redirect URIs")
    uris.fill("http://print.example.com/callback")
    page.get_by_role("button", name="Use it").first.click()
    page.locator(".desk-uri--fine").wait_for()
    assert uris.input_value() == "https://print.example.com/callback"
    page.get_by_label("May ask for photos:read").select_option("required")
    page.get_by_role("button", name="Register").click()
    secret = page.locator("#secret").inner_text()
    application = application_model().objects.get()
    assert check_client_secret(application, secret)
    page.get_by_role("link", name="to the client's page").click()
    assert secret not in page.content()
    # The answer to a form that was "no-store": the browser has nothing to show.
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back()


def test_a_line_that_breaks_a_rule_stays_with_its_reason(page: Any, operator: Any) -> None:
    sign_in(page, operator)
    page.goto(f"{address('client_add')}?kind=web")
    page.get_by_label("Name", exact=False).first.fill("Photo Print")
    page.get_by_label("Redirect URIs").fill(
        "https://print.example.com/#x\nhttps://b.example.com/cb"
    )
    page.get_by_role("button", name="Register").click()
    page.get_by_text("1 line breaks a rule").wait_for()
    assert page.locator("#id_client_name").input_value() == "Photo Print"
    assert page.locator(".desk-uri--error").count() == 1
    assert not application_model().objects.exists()


def test_a_leaked_token_is_found_and_its_family_ended(
    page: Any, operator: Any, house: SimpleNamespace
) -> None:
    sign_in(page, operator)
    page.goto("/admin/idp/")
    page.get_by_role("link", name="Find a token").click()
    page.get_by_label("Token or code").fill(PLAIN)
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name=str(house.authorization.pk)).click()
    page.get_by_role("link", name="End …").click()
    page.get_by_label("Reason").fill("found in a repository")
    page.get_by_role("button", name="End").click()
    page.get_by_text("1 authorization ended.").wait_for()
    assert Authorization.objects.get().ended_reason == "found in a repository"


def test_a_request_for_a_scope_is_decided_from_the_start_page(page: Any, operator: Any) -> None:
    make_scope("payments:read", policy=make_policy("restricted", clients="approved"))
    add_scope(
        make_application("web"),
        "payments:read",
        state="requested",
        requested_by="berta",
        requested_at=timezone.now(),
        justification="We refund.",
    )
    sign_in(page, operator)
    page.goto("/admin/idp/")
    page.get_by_role("link", name="Decide").click()
    page.get_by_role("link", name="payments:read").click()
    page.get_by_role("link", name="Approve or refuse").click()
    page.get_by_label("Approve").check()
    page.get_by_role("button", name="Save the decision").click()
    page.get_by_text("Decided:").wait_for()
    assert ClientScope.objects.get().state == "approved"


def test_tightening_a_policy_shows_who_is_affected_before_it_is_saved(
    page: Any, operator: Any, house: SimpleNamespace
) -> None:
    make_user(groups=("staff",))
    sign_in(page, operator)
    page.goto(address("idp_scopepolicy_change", house.policy.pk))
    page.get_by_label("staff").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("anna → Photo Print").wait_for()
    assert ScopePolicy.objects.get(pk=house.policy.pk).groups is None
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was changed successfully").wait_for()
    assert ScopePolicy.objects.get(pk=house.policy.pk).groups == ["staff"]


def test_a_misbehaving_client_is_disabled_without_a_script(
    open_page: Any, operator: Any, house: SimpleNamespace
) -> None:
    page = open_page(Look(javascript=False))
    sign_in(page, operator)
    page.goto(address("client_overview", house.application.pk))
    page.get_by_role("link", name="Disable …").click()
    page.get_by_label("Reason").fill("sends garbage")
    page.get_by_role("button", name="Disable").click()
    page.get_by_text("The client is disabled.").wait_for()
    assert ClientPolicy.objects.get().status_reason == "sends garbage"
