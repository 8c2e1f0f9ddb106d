"""A site with its own validator, scopes, wrapper and authorization view."""

from __future__ import annotations

from collections.abc import Callable

from tests.dropin.site import Site

Hosts = Callable[[str], Site]


def test_the_classes_of_the_site_keep_their_word(hosts: Hosts) -> None:
    hosts("own_classes").check("test_own_classes.py", idp="before")
