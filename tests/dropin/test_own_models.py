"""A site with models of its own: clients under UUIDs, made late, and people without username."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dropin.site import Site
from tests.dropin.test_plain import ALONE, ENFORCING
from tests.thorough import THOROUGH

Hosts = Callable[[str], Site]
IN_MATRIX = "`make matrix` does; the plain site does it here"


def test_a_running_site_goes_on_in_report_mode_and_can_be_switched(hosts: Hosts) -> None:
    files = ("test_report.py", "test_enforce.py")
    hosts("own_models").check(*files, idp="before", migrate=ALONE)


@pytest.mark.skipif(not THOROUGH, reason=IN_MATRIX)
@pytest.mark.parametrize("host", ["own_models", "ordered_models"])
def test_a_new_site_migrates_from_nothing(hosts: Hosts, host: str) -> None:
    """Whether its migrations say what comes first, or it was the alphabet that did."""
    assert hosts("plain").emptied(host).fresh((), idp="after") == ENFORCING


@pytest.mark.skipif(not THOROUGH, reason=IN_MATRIX)
def test_leaving_gives_the_site_back_as_it_was(hosts: Hosts) -> None:
    before, with_idp, after = hosts("own_models").rows_around("latest", "zero", idp="before")
    assert before == with_idp == after
