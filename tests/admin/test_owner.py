"""An owner sees and edits the client that is theirs, and learns of no other client and no user."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client

from idp.models import ClientPolicy, ClientScope, ClientSecret, RedirectUri, SecurityEvent
from idp.services.client_owner import set_owners
from idp.services.client_secret import check_client_secret
from tests.admin.conftest import page
from tests.admin.role_table import YES
from tests.factories import make_application, make_policy, make_scope, make_user

CALLBACK = "https://client.example.com/callback"
SENT = {
    "kind": "web",
    "client_name": "Photo Print",
    "redirect_uris": CALLBACK,
    "scopes:photos:read": "required",
}


@pytest.fixture
def owner(house: SimpleNamespace) -> Any:
    """Somebody without any permission, who owns the house's client."""
    user = make_user("olga", is_staff=True)
    set_owners(house.application, users=[user], groups=[])
    make_application("web", name="Secret Project", client_id="secret-project")
    return user


@pytest.fixture
def own_desk(owner: Any) -> Client:
    """The owner's browser."""
    browser = Client()
    browser.force_login(owner)
    return browser


def _pk(house: SimpleNamespace) -> Any:
    return house.application.pk


def test_the_list_and_the_search_know_only_what_is_the_owners(
    own_desk: Client, house: SimpleNamespace
) -> None:
    listing = page("client_changelist")
    for asked in ({}, {"q": "photo"}, {"kind": "web"}):
        found = own_desk.get(listing, asked).context["cl"].result_list
        assert [row.pk for row in found] == [house.application.pk], asked
    assert "Secret Project" not in own_desk.get(listing).text
    assert not own_desk.get(listing, {"q": "secret"}).context["cl"].result_list
    # Neither the search nor a filter answers whether somebody owns something.
    assert not own_desk.get(listing, {"q": "olga"}).context["cl"].result_list
    assert "filter-owner" not in own_desk.get(listing).text


@pytest.mark.parametrize("name", ["overview", "change", "secrets", "history", "export"])
def test_pages_of_another_client_do_not_exist_for_an_owner(own_desk: Client, name: str) -> None:
    other = ClientPolicy.objects.get(application__client_id="secret-project").application
    assert own_desk.get(page(f"client_{name}", other.pk)).status_code == 404
    assert own_desk.post(page(f"client_{name}", other.pk), SENT).status_code in {403, 404}
    asked = {"client_id": "secret-project"}
    assert own_desk.get(page("client_by_client_id"), asked).status_code == 404


def test_choosers_offer_an_owner_no_other_client_and_no_user(
    own_desk: Client, house: SimpleNamespace
) -> None:
    meta = house.application._meta
    for model, field, app in (
        ("clientscope", "application", "idp"),
        ("consent", "user", "idp"),
        ("api", "resource_servers", "idp"),
        ("clientpolicy", "owner_users", "idp"),
    ):
        asked = {"app_label": app, "model_name": model, "field_name": field, "term": ""}
        answer = own_desk.get("/admin/autocomplete/", asked)
        assert "Secret Project" not in answer.text
        assert "anna" not in answer.text
        assert answer.status_code in {200, 403}
    assert own_desk.get(page(f"{meta.app_label}_accesstoken_changelist")).status_code == 403


def test_the_page_tells_an_owner_of_tokens_and_events_and_of_no_user(
    own_desk: Client, house: SimpleNamespace
) -> None:
    shown = own_desk.get(page("client_overview", _pk(house))).text
    for words in ("photo-print", house.authorization.pk.hex[:8], "authorization.refused", CALLBACK):
        assert words in shown
    assert "anna" not in shown
    for gone in ("/disable/", "/owners/", "/end-tokens/", "/delete/", "/try/", "/accept/"):
        assert gone not in shown
    for name in ("disable", "owners", "end_tokens", "delete", "try", "clone"):
        address = page(f"client_{name}", _pk(house))
        assert own_desk.get(address).status_code in {403, 404}, name
        assert own_desk.post(address, {"confirmed": "yes", "reason": "x"}).status_code in {403, 404}


def test_an_owner_edits_addresses_and_words_and_what_is_not_theirs_stays(
    own_desk: Client, house: SimpleNamespace
) -> None:
    policy = ClientPolicy.objects.get(application=house.application)
    ClientPolicy.objects.filter(pk=policy.pk).update(subject_type="pairwise")
    sent = {
        **SENT,
        "client_name": "Prints", "contacts": "olga@example.com", "kind": "spa",
        "redirect_uris": f"{CALLBACK}\r\n{CALLBACK}/two", "environment": "development",
        "verified": "on", "first_party": "on", "consent_mode": "always", "subject_type": "",
        "grant_types": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_method": "client_secret_post",
        "access_token_lifetime_0": "9", "access_token_lifetime_1": "3600",
        "consent_lifetime_0": "1", "consent_lifetime_1": "60",
        "require_pushed_authorization_requests": "on", "access_token_format": "jwt",
        "nonce_instead_of_pkce": "on",
    }  # fmt: skip
    answer = own_desk.post(page("client_change", _pk(house)), sent)
    assert answer.status_code == 302, answer.context["form"].errors
    house.application.refresh_from_db()
    assert house.application.name == "Prints"
    assert house.application.redirect_uris.split() == [CALLBACK, f"{CALLBACK}/two"]
    after = ClientPolicy.objects.get(pk=policy.pk)
    assert after.contacts == ["olga@example.com"]
    for field in (
        "kind", "environment", "verified", "first_party", "consent_mode", "consent_lifetime",
        "access_token_lifetime", "token_endpoint_auth_method", "grant_types", "status",
        "require_pushed_authorization_requests", "access_token_format", "enforcement",
        "nonce_instead_of_pkce",
    ):  # fmt: skip
        assert getattr(after, field) == getattr(policy, field), field
    assert after.subject_type == "pairwise"
    assert RedirectUri.objects.get(uri=f"{CALLBACK}/two").source == "owner"
    assert "Photo Print → Prints" in LogEntry.objects.latest("pk").change_message


def test_a_scope_for_listed_clients_waits_when_an_owner_adds_it(
    own_desk: Client, house: SimpleNamespace
) -> None:
    make_scope("photos:all", policy=make_policy("listed", clients="listed"))
    make_scope("photos:new", policy=make_policy("plain"))
    sent = {**SENT, "scopes:photos:all": "required", "scopes:photos:new": "optional"}
    assert "It is something else" not in own_desk.get(page("client_change", _pk(house))).text
    own_desk.post(page("client_change", _pk(house)), sent)
    states = dict(ClientScope.objects.values_list("scope__name", "state"))
    assert states == {
        "photos:read": "registered", "photos:all": "requested", "photos:new": "registered",
    }  # fmt: skip
    row = ClientScope.objects.get(scope__name="photos:all")
    ask = page("idp_clientscope_ask", row.pk)
    answer = own_desk.post(ask, {"justification": "We print all."})
    assert answer["Location"] == page("client_overview", _pk(house))
    assert own_desk.get(page("idp_clientscope_decide", row.pk)).status_code == 403
    row.refresh_from_db()
    assert (row.state, row.justification) == ("requested", "We print all.")


def test_an_owner_rotates_and_revokes_the_clients_own_secrets(
    own_desk: Client, house: SimpleNamespace
) -> None:
    address = page("client_secrets", _pk(house))
    nonce = own_desk.get(address).context["nonce"]
    sent = {"do": "rotate", "nonce": nonce, "rotate-label": "new", "rotate-overlap": "3600"}
    sent["rotate-reason"] = "leaked"
    answer = own_desk.post(address, sent)
    secret = answer.text.partition('id="secret">')[2].partition("<")[0]
    assert check_client_secret(house.application, secret)
    old = ClientSecret.objects.get(application=house.application, label="main")
    own_desk.post(page("client_secret_revoke", _pk(house), old.pk), YES)
    old.refresh_from_db()
    assert old.revoked_at is not None


def test_a_group_owns_a_client_for_each_of_its_members(house: SimpleNamespace) -> None:
    member = make_user("mia", groups=("printers",), is_staff=True)
    outsider = make_user("otto", is_staff=True)
    set_owners(house.application, users=[], groups=[Group.objects.get(name="printers")])
    for user, status in ((member, 200), (outsider, 404)):
        browser = Client()
        browser.force_login(user)
        assert browser.get(page("client_overview", _pk(house))).status_code == status


def test_an_owner_who_is_no_member_of_staff_does_not_get_to_the_desk(
    desk: Client, house: SimpleNamespace
) -> None:
    sent = {"users": "anna", "groups": ""}
    answer = desk.post(page("client_owners", _pk(house)), sent, follow=True)
    assert "“anna” is no member of staff" in answer.text
    browser = Client()
    browser.force_login(house.user)
    assert browser.get(page("client_overview", _pk(house))).status_code == 302


def test_owners_are_named_with_history_and_event_and_unknown_names_change_nothing(
    desk: Client, house: SimpleNamespace, owner: Any
) -> None:
    address = page("client_owners", _pk(house))
    Group.objects.create(name="printers")
    assert "olga" in desk.get(address).text
    refused = desk.post(address, {"users": "olga\r\nnobody", "groups": "strangers"})
    assert "Nobody signs in as “nobody”." in refused.text
    assert "There is no group “strangers”." in refused.text
    desk.post(address, {"users": "anna", "groups": "printers"})
    policy = ClientPolicy.objects.get(application=house.application)
    assert [user.username for user in policy.owner_users.all()] == ["anna"]
    assert [group.name for group in policy.owner_groups.all()] == ["printers"]
    event = SecurityEvent.objects.filter(kind="client.owners_changed").latest("pk")
    assert event.detail["fields"]["owner_users"] == "olga → anna"
    assert "owner_users" in LogEntry.objects.latest("pk").change_message


def test_clients_are_found_by_their_owner_and_shown_with_them(
    desk: Client, house: SimpleNamespace, owner: Any, django_assert_max_num_queries: Any
) -> None:
    group = Group.objects.create(name="printers")
    for number in range(20):
        row = make_application("service")
        set_owners(row, users=[make_user(f"u{number}")], groups=[group])
    listing = page("client_changelist")
    for asked in ({"q": "olga"}, {"owner": "olga"}):
        found = desk.get(listing, asked).context["cl"].result_list
        assert [row.pk for row in found] == [house.application.pk], asked
    assert len(desk.get(listing, {"owner": "printers"}).context["cl"].result_list) == 20
    with django_assert_max_num_queries(14):
        assert "printers" in desk.get(listing).text
    unowned = desk.get(listing, {"finding": "unowned"}).context["cl"].result_list
    assert [row.client_id for row in unowned] == ["secret-project"]


def test_whoever_a_client_is_registered_for_owns_it(desk: Client) -> None:
    make_user("berta", is_staff=True)
    sent = {
        "kind": "web", "client_name": "Book", "client_id": "book", "redirect_uris": CALLBACK,
        "environment": "production", "owner": "berta",
    }  # fmt: skip
    desk.post(page("client_add"), sent)
    policy = ClientPolicy.objects.get(application__client_id="book")
    assert [user.username for user in policy.owner_users.all()] == ["berta"]


def test_every_page_of_an_owner_opens_within_twenty_statements(
    own_desk: Client, house: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    for name in ("overview", "change", "secrets", "history", "export"):
        with django_assert_max_num_queries(20, info=name):
            assert own_desk.get(page(f"client_{name}", _pk(house))).status_code == 200
    with django_assert_max_num_queries(20):
        assert own_desk.get("/admin/").status_code == 200
