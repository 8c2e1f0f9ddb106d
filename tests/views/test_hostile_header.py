"""No header that anybody can send gives an internal error, anywhere."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from project.content_type import is_readable
from tests.thorough import share
from tests.views.hostile import (
    AUTHORIZATIONS,
    BACKCHANNEL,
    COOKIES,
    HEADER_NAMES,
    HEADERS,
)
from tests.views.test_hostile_parameter import World, world

__all__ = ["world"]

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def test_no_header_breaks_anything(world: World) -> None:
    wrong = []
    for turn, place in enumerate(world.each()):
        for names in (HEADER_NAMES, ("CONTENT_TYPE",)):
            is_type = names == ("CONTENT_TYPE",)
            if is_type and place.method == "GET":
                continue
            for what, value in share(HEADERS.items(), of=2, turn=turn):
                # The site keeps these from Django before a request is made.
                if is_type and not is_readable(value):
                    continue
                response = place.send(world.browser, place.good(), **dict.fromkeys(names, value))
                found = world.faults(place, response)
                wrong += [f"{place}: {names[0]} is {what}: {fault}" for fault in found]
    assert wrong == []


READ_BY_OTHERS = ("photos", "profile", "reports", "dynamic", "registered client", "authorize")


def test_no_authorization_header_breaks_anything(world: World) -> None:
    wrong = []
    for place in world.each("token", "revoke", "introspect", "userinfo", *READ_BY_OTHERS):
        for value in AUTHORIZATIONS:
            response = place.send(world.browser, place.good(), HTTP_AUTHORIZATION=value)
            found = world.faults(place, response)
            wrong += [f"{place}: {value[:40]}: {fault}" for fault in found]
    assert wrong == []


def test_no_cookie_breaks_anything(world: World) -> None:
    wrong, stranger = [], Browser(raise_request_exception=True)
    for place in world.each():
        for value in COOKIES:
            stranger.cookies.clear()
            response = place.send(stranger, place.good(), HTTP_COOKIE=value)
            found = world.faults(place, response)
            wrong += [f"{place}: {value[:40]}: {fault}" for fault in found]
    assert wrong == []


@pytest.mark.parametrize("host", ["evil.example", "", "a b", "[", "\xff", "a" * 5_000])
def test_a_host_that_is_not_ours_is_refused_everywhere(world: World, host: str) -> None:
    for place in world.each():
        response = place.send(world.browser, place.good(), HTTP_HOST=host)
        assert response.status_code == 400, str(place)
        assert "Location" not in response


def test_an_address_that_a_proxy_makes_up_is_not_believed(world: World, settings) -> None:
    settings.IDP = {**settings.IDP, "TRUSTED_PROXY_HOPS": 2}
    for place in world.each("token"):
        for chain in (",", ",,,,", "a, b", "1.2.3.4, \xff", "::1%25eth0, ::1", "9" * 9_999):
            response = place.send(world.browser, place.good(), HTTP_X_FORWARDED_FOR=chain)
            assert world.faults(place, response) == []


@pytest.mark.parametrize(
    "length", [" ", "-1", "1e3", "+", "\u0663", "9" * 5_000, "18446744073709551616"]
)
def test_a_length_that_is_none_breaks_nothing_where_forms_are_read(
    world: World, length: str
) -> None:
    for place in world.each("authorize", "token", "revoke", "introspect", "userinfo", "logout"):
        if place.method == "POST" and place.path in GATED:
            response = place.send(world.browser, place.good(), CONTENT_LENGTH=length)
            assert world.faults(place, response) == []


GATED = {f"/o/{name}/" for name in ("authorize", "logout", *BACKCHANNEL)}
