"""Let the rules refuse nothing and record what they would refuse, on the whole site."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from idp.management.verbs.enforce import switch
from idp.models import SiteState


def add_arguments(parser: ArgumentParser) -> None:
    """Take no arguments."""


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Switch the site to reporting."""
    return switch(SiteState.Mode.REPORT, err)
