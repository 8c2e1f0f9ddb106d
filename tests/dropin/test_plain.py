"""A plain site gets ``idp``: its clients and users notice nothing, its operator gets a report."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dropin.site import Site

Hosts = Callable[[str], Site]
ENFORCING = ["enforce", "email", "offline_access", "openid", "profile"]
"""A site without clients: nobody can be disturbed, so the rules refuse at once."""
ALONE = (("idp",),)
"""``migrate idp``, and nothing else."""


@pytest.mark.postgres
def test_a_running_site_goes_on_in_report_mode_and_can_be_switched(hosts: Hosts) -> None:
    files = ("test_report.py", "test_enforce.py")
    hosts("plain").check(*files, idp="after", migrate=ALONE)


@pytest.mark.first
def test_leaving_gives_the_site_back_as_it_was(hosts: Hosts) -> None:
    site = hosts("plain")
    before, *later = site.rows_around("latest", "0001", "zero", idp="after")
    assert later == [before] * 3
    site.check("test_left.py", idp="", migrate=())


@pytest.mark.postgres
def test_a_site_whose_toolkit_is_behind_migrates_in_any_order(hosts: Hosts) -> None:
    behind = ("oauth2_provider", "0010")
    assert hosts("plain").emptied().fresh(behind, *ALONE, (), idp="after") == ENFORCING
