"""Erase a user's personal data from the consent ledger; the chain stays and verifies."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import OutputWrapper

from idp.management.printing import write_json
from idp.services.erasure import forget_user, traces_of
from idp.services.user import find_user


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--user", metavar="NAME", required=True, help="whom to forget")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be erased")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Cut the tie between the user and the chain; return 2 for an unknown user."""
    user = find_user(options["user"])
    if user is None:
        err.write(f"There is no user {options['user']}.")
        return 2
    traces = traces_of(user) if options["dry_run"] else forget_user(user)
    if options["json"]:
        write_json(out, asdict(traces))
    done = "would be" if options["dry_run"] else "were"
    err.write(
        f"{traces.events} events of the ledger {done} cut off from the account; "
        f"{traces.evidence} addresses and browsers of decisions, {traces.authorizations} of "
        f"authorizations and {traces.security_events} of security events {done} erased."
    )
    return 0
