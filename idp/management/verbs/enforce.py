"""Let the rules refuse what they refuse, on the whole site."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from idp.conf import idp_settings
from idp.models import SiteState
from idp.services.site import set_mode


def add_arguments(parser: ArgumentParser) -> None:
    """Take no arguments."""


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Switch the site to enforcing."""
    return switch(SiteState.Mode.ENFORCE, err)


def switch(mode: str, err: OutputWrapper) -> int:
    """Switch the site, and say so; name the rule sets that its settings decide instead."""
    changed = set_mode(mode, by="manage.py idp")
    doing = "enforces" if mode == SiteState.Mode.ENFORCE else "reports"
    err.write(f"The site {'now ' if changed else 'already '}{doing}.")
    for rule_set, forced in sorted((idp_settings.enforce or {}).items()):
        word = "enforced" if forced else "reported"
        err.write(f"IDP['ENFORCE'] decides on {rule_set}: it is {word} whatever the mode says.")
    return 0
