"""Which scopes discovery tells the world about."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from tests.factories import make_api, make_policy, make_scope
from tests.requirement import requirement

pytestmark = pytest.mark.django_db

PLACES = ("/o/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/o")


def listed(place: str = PLACES[0]) -> set[str]:
    return set(Browser().get(place).json()["scopes_supported"])


@requirement("RFC 8414 §2", "scopes_supported names what can be asked for.")
@pytest.mark.parametrize(
    ("clients", "shown"),
    [("any", True), ("listed", True), ("verified", True), ("first_party", True),
     ("approved", False), ("nobody-knows", False)],
)  # fmt: skip
@pytest.mark.parametrize("place", PLACES)
def test_what_some_client_may_ask_without_an_approval_is_listed(
    place: str,
    clients: str,
    shown: bool,  # noqa: FBT001
) -> None:
    make_scope("photos:read", policy=make_policy(clients=clients))
    assert ("photos:read" in listed(place)) is shown


@pytest.mark.parametrize("fields", [{"public": False}, {"active": False}])
def test_what_is_not_public_or_retired_is_not_listed(fields: dict[str, Any]) -> None:
    make_scope("photos:read", **fields)
    assert "photos:read" not in listed()


def test_a_scope_that_includes_what_needs_an_approval_is_not_listed() -> None:
    make_scope("photos:read", policy=make_policy(clients="approved"))
    make_scope("photos:write", implies=("photos:read",))
    assert "photos:write" not in listed()


def test_a_scope_without_a_policy_is_listed_only_where_it_may_be_asked(settings: Any) -> None:
    make_scope("loose", policy=None)
    make_scope("loose:default", policy=None, default=True)
    for choice, shown in (
        ("deny", set()),
        ("defaults_only", {"loose:default"}),
        ("pass_through", {"loose", "loose:default"}),
    ):
        settings.IDP = {**settings.IDP, "UNPOLICED_SCOPES": choice}
        assert listed() & {"loose", "loose:default"} == shown


@requirement("RFC 9728 §2", "The metadata of a resource names its scopes.")
def test_metadata_of_an_api_lists_its_own_public_scopes() -> None:
    api = make_api("http://testserver/photos", "Photos")
    make_scope("photos:read", api=api)
    make_scope("photos:secret", api=api, public=False)
    make_scope("mail:read", api=make_api("http://testserver/mail", "Mail"))
    told = Browser().get("/.well-known/oauth-protected-resource/photos").json()
    assert told["scopes_supported"] == ["photos:read"]
