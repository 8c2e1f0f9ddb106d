"""Every object of the desk leads to its neighbours, and back."""

from __future__ import annotations

import re
from html import unescape
from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin

import pytest
from django.test import Client

from tests.admin.conftest import page, signed_in
from tests.admin.neighbour_table import LISTS, NEIGHBOURS, addresses, make_neighbours

HREF = re.compile(r'href="([^"#]+)"')


def plain(address: str) -> str:
    """Return an address without what a list adds so that its filters are found again."""
    place, _mark, query = address.partition("?")
    return place if query.startswith("_changelist_filters") else address


class Walk:
    """Opens each page once, and remembers where it leads."""

    def __init__(self, desk: Client, house: SimpleNamespace) -> None:
        self.desk, self.house = desk, house
        self.opened: dict[str, frozenset[str]] = {}

    def links(self, address: str) -> frozenset[str]:
        if address not in self.opened:
            answer = self.desk.get(address)
            assert answer.status_code == 200, address
            found = (unescape(href) for href in HREF.findall(answer.text))
            self.opened[address] = frozenset(plain(urljoin(address, href)) for href in found)
        return self.opened[address]

    def leads(self, start: str, end: str) -> bool:
        """Return whether a page leads to another, by itself or by a list of what is its own."""
        links, wanted = self.links(addresses(self.house, start)[0]), addresses(self.house, end)
        if not links.isdisjoint(wanted):
            return True
        model: Any = LISTS.get(end)
        if model is None:
            return False
        path = page(f"{model._meta.app_label}_{model._meta.model_name}_changelist")
        lists = [link for link in sorted(links) if link.startswith(f"{path}?")]
        return any(not self.links(each).isdisjoint(wanted) for each in lists)


def test_every_object_leads_to_its_neighbours_and_back(
    desk: Client, django_assert_max_num_queries: Any
) -> None:
    house = make_neighbours()
    walk = Walk(desk, house)
    pairs = [(one, other) for one, others in NEIGHBOURS.items() for other in others.split()]
    missing = [
        f"{start} -> {end}"
        for one, other in pairs
        for start, end in ((one, other), (other, one))
        if not walk.leads(start, end)
    ]
    assert missing == []

    strangers = {
        link
        for name in ("strange_user", "strange_client", "strange_consent", "strange_authorization")
        for link in (
            [page("idp_user", house.strange_user.pk)]
            if name == "strange_user"
            else addresses(house, name)
        )
    }
    named = [address for address in walk.opened if "client=" in address or "user=" in address]
    assert named
    assert [address for address in named if walk.opened[address] & strangers] == []


def test_the_page_of_a_user_opens_within_twenty_statements_and_only_to_readers(
    desk: Client, house: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    address = page("idp_user", house.user.pk)
    with django_assert_max_num_queries(20):
        shown = desk.get(address).text
    assert "take-back/?user=anna" in shown
    assert page("auth_user_change", house.user.pk) in shown
    assert address in desk.get(page("auth_user_change", house.user.pk)).text

    reader = signed_in("idp.view_authorization", "auth.view_user")
    shown = reader.get(address).text
    assert house.authorization.pk.hex[:8] in shown
    assert page("idp_consent_change", house.consent.pk) not in shown
    assert page("idp_consent_changelist") not in shown
    assert signed_in("auth.view_user").get(address).status_code == 403


@pytest.mark.parametrize("key", ["0", "x", "99999999999999999999999", "%00"])
def test_a_user_who_is_not_there_has_no_page(desk: Client, key: str) -> None:
    assert desk.get(page("idp_user", "KEY").replace("KEY", key)).status_code == 404
