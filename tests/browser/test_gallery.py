"""The pages of the desk, wide and narrow, in light and in dark: asked by axe, kept as pictures.

Each page with a form of its own is looked at, and a third of those that Django's admin makes alike
for every model; they share the looks. ``make pictures`` looks at all of them in every way.

The pages are those of the table of roles, which knows each address: a new one cannot be forgotten.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from tests.admin.conftest import page as address
from tests.admin.full_house import address_of, make_full_house
from tests.admin.role_table import TABLE
from tests.browser.look import FRAME, inspect_desk, sign_in
from tests.factories import make_user
from tests.thorough import share

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILES = {
    "client_by_client_id": "leads to the client's page",
    "client_export": "a download",
    "client_inspect_uris": "a fragment",
    "idp_consentevent_export": "a download",
}
"""What is in the table, and is no page."""
HISTORIES = {"client_history", "idp_consentsnapshot_history", "idp_signingkey_history"}
"""One page of Django's own for every model; those with the longest names stand for the others."""
ALIKE = re.compile("^(?!client_).*_(add|change|changelist|delete)$|_history$")
"""The names of pages that Django's admin makes for every model; a client's are our own."""
PARTS = 2
"""Into how many tests the desk is cut, so that workers share it."""


def _desk(house: SimpleNamespace) -> dict[str, str]:
    """Return the addresses of all pages of the desk that an administrator may open."""
    found = {
        name: address_of(name, page_of, house)
        for name, page_of in TABLE.items()
        if "a" in page_of.reads and name not in FILES
        if name in HISTORIES or not name.endswith("_history")
    }
    kinds = ("web", "spa", "native", "service", "device", "agent")
    client = house.application.pk
    return {
        "start": "/admin/idp/",
        **found,
        **{f"client_add_{kind}": f"{address('client_add')}?kind={kind}" for kind in kinds},
        "idp_explain_answer": (
            f"{address('idp_explain')}?client={client}&user={house.user.pk}&scope=photos:read"
        ),
        "idp_clientscope_none": f"{address('idp_clientscope_changelist')}?state__exact=refused",
        "idp_take_back_form": address("idp_take_back"),
        "idp_sitestate_mode_question": f"{address('idp_sitestate_mode')}?switch=1",
        "client_changelist_none": f"{address('client_changelist')}?q=nobody",
    }


def _looked_at(desk: dict[str, str]) -> list[str]:
    """Return the names of the pages that this run looks at."""
    alike = [name for name in sorted(desk) if ALIKE.search(name)]
    return sorted(desk.keys() - set(alike)) + share(alike, of=3)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_pages_of_the_desk_are_fine_however_they_are_looked_at(
    open_page: Any, part: int
) -> None:
    page = open_page()
    house = make_full_house()
    sign_in(page, make_user("operator", is_staff=True, is_superuser=True))
    wrong = []
    desk = _desk(house)
    for name in _looked_at(desk)[part::PARTS]:
        answer = page.goto(desk[name])
        assert answer is not None
        assert answer.status == 200, name
        try:
            frame = () if name == "start" else FRAME
            inspect_desk(page, f"desk-{name}", without=frame)
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
    assert not wrong, "\n".join(wrong)
