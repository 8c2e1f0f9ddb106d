"""Verify the consent ledger, export it line by line, or ask it who had access to what."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from idp.management.ledger import export, verify, who

ACTIONS = {"verify": verify.run, "export": export.run, "who": who.run}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("action", choices=tuple(ACTIONS))
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    verify.add_arguments(parser)
    who.add_arguments(parser)


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Do what was asked; return 1 for what is broken, 2 for wrong use."""
    return ACTIONS[options["action"]](options, out, err)
