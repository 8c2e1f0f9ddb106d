"""Take access back from a user, a client, a scope or everyone, after saying how much it is."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.conf import idp_settings
from idp.management.printing import finish, write_json
from idp.models import BulkTask
from idp.services.client import load_client
from idp.services.consent_reach import Target, reach
from idp.services.task import Order, begin_task
from idp.services.user import find_user

BY = "manage.py idp revoke"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--user", metavar="NAME", help="what clients hold of this user")
    parser.add_argument("--client", metavar="ID", help="what this client holds")
    parser.add_argument("--scope", metavar="SCOPE", default="", help="this scope alone; all stay")
    parser.add_argument("--all", action="store_true", help="what every client holds of everyone")
    parser.add_argument(
        "--unused",
        type=int,
        nargs="?",
        const=idp_settings.consent_unused_after.days,
        metavar="DAYS",
        help="consents alone, and only what was not used for so long",
    )
    parser.add_argument("--reason", default="", help="why, for the ledger")
    parser.add_argument("--dry-run", action="store_true", help="only say how much it is")
    parser.add_argument("--yes", action="store_true", help="do not ask on a terminal")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Count, then take back; what is interrupted stays a task, which ``tasks run`` carries on.

    Returns 1 where the operator thought better of it, 2 for wrong use.
    """
    target = _target(options, err)
    if target is None:
        return 2
    found = reach(target, timezone.now())
    if options["json"]:
        write_json(out, asdict(found))
    err.write(
        f"{found.consents} consents, {found.authorizations} authorizations, {found.tokens} tokens."
    )
    if options["dry_run"]:
        return 0
    if not options["yes"] and sys.stdin.isatty() and not _agreed(err):
        err.write("Nothing was taken back.")
        return 1
    order = Order(
        kind=BulkTask.Kind.TAKE_BACK,
        work=target,
        label=_label(options),
        total=found.consents,
        reason=options["reason"],
    )
    return int(not finish(begin_task(order, by=BY), err))


def _label(options: Mapping[str, Any]) -> str:
    named = [options[name] for name in ("scope", "client", "user") if options[name]]
    unused = [] if options["unused"] is None else [f"unused for {options['unused']} days"]
    return " · ".join([*named, *unused]) or "everyone"


def _target(options: Mapping[str, Any], err: OutputWrapper) -> Target | None:
    limited = any(options[name] for name in ("user", "client", "scope"))
    limited = limited or options["unused"] is not None
    if limited == bool(options["all"]):
        err.write("Name a user, a client or a scope, or say --unused or --all; not both.")
        return None
    user = find_user(options["user"]) if options["user"] else None
    if options["user"] and user is None:
        err.write(f"There is no user {options['user']}.")
        return None
    client = load_client(options["client"]) if options["client"] else None
    if options["client"] and client is None:
        err.write(f"There is no client {options['client']}.")
        return None
    application = client.application if client is not None else None
    since = None
    if options["unused"] is not None:
        since = timezone.now() - timedelta(days=options["unused"])
    return Target(user=user, application=application, scope=options["scope"], unused_since=since)


def _agreed(err: OutputWrapper) -> bool:
    err.write("Take it back? It cannot be undone. [y/N] ", ending="")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
