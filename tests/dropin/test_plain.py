"""A plain site gets ``idp``: its clients and users notice nothing, its operator gets a report."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dropin.site import Site

Hosts = Callable[[str], Site]
ALONE = (("idp",),)
"""``migrate idp``, and nothing else."""


@pytest.mark.postgres
def test_a_running_site_goes_on_in_report_mode_and_can_be_switched(hosts: Hosts) -> None:
    files = ("test_report.py", "test_enforce.py")
    hosts("plain").check(*files, idp="after", migrate=ALONE)


@pytest.mark.postgres
def test_the_order_of_the_two_apps_does_not_matter(hosts: Hosts) -> None:
    told = "desk or consent_page or old_access_token or old_refresh_token or policy"
    hosts("plain").check("test_report.py", idp="before", only=told)


@pytest.mark.once
def test_leaving_gives_the_site_back_as_it_was(hosts: Hosts) -> None:
    site = hosts("plain")
    before = site.rows()
    site.manage("migrate", "idp", "--verbosity=0", idp="after")
    assert site.rows() == before
    site.manage("migrate", "idp", "zero", "--verbosity=0", idp="after")
    assert site.rows() == before
    site.check("test_left.py", idp="", migrate=())


@pytest.mark.once
def test_a_new_site_migrates_from_nothing_and_enforces(hosts: Hosts) -> None:
    hosts("plain").emptied().check("test_fresh.py", idp="before")


@pytest.mark.postgres
def test_a_site_whose_toolkit_is_behind_migrates_in_any_order(hosts: Hosts) -> None:
    site = hosts("plain").emptied()
    site.manage("migrate", "oauth2_provider", "0010", "--verbosity=0")
    site.check("test_fresh.py", idp="after", migrate=(*ALONE, ()))
