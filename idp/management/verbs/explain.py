"""Say what a request would get, rule by rule, and why."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.domain.scope import InvalidScope, parse
from idp.management.printing import write_json
from idp.services.client import load_client
from idp.services.explanation import Explanation, explain
from idp.services.user import find_user


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--client", required=True, metavar="ID", help="client id")
    parser.add_argument("--user", metavar="NAME", help="sign-in name; none for the client alone")
    parser.add_argument("--scope", default="", help="scopes asked for; none for the defaults")
    parser.add_argument("--grant-type", metavar="T", help="default: what the client does first")
    parser.add_argument(
        "--auth-age", type=int, metavar="SECONDS", help="how old the sign-in is; just now if absent"
    )
    parser.add_argument("--acr", default="", metavar="VALUE", help="how strong the sign-in was")
    parser.add_argument("--json", action="store_true", help="print the decision as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Print the decision; return 1 if it is a refusal, 2 for an unknown client or user."""
    client = load_client(options["client"])
    if client is None:
        err.write(f"There is no client {options['client']}.")
        return 2
    user = find_user(options["user"]) if options["user"] else None
    if options["user"] and user is None:
        err.write(f"There is no user {options['user']}.")
        return 2
    try:
        requested = parse(options["scope"]) or None
    except InvalidScope as error:
        err.write(str(error))
        return 2
    found = explain(
        client,
        user=user,
        requested=requested,
        grant_type=options["grant_type"],
        auth_age_seconds=options["auth_age"],
        acr=options["acr"],
        now=timezone.now(),
    )
    if options["json"]:
        write_json(out, found.as_dict())
    _tell(found, err)
    return 1 if found.resolution.error else 0


def _tell(found: Explanation, err: OutputWrapper) -> None:
    for rule in found.resolution.rules:
        err.write(f"{rule.outcome:7} {rule.scope}: {rule.rule} ({rule.saw})")
    for refusal in found.resolution.refused:
        reason = refusal.reason
        err.write(f"refused {refusal.scope}: {reason.message} [{reason.reference}]")
    granted = " ".join(sorted(found.resolution.granted)) or "nothing"
    error = found.error
    err.write(f"{error}: {found.resolution.description}" if error else f"Granted: {granted}")
    if found.ask:
        err.write(f"The user is asked for: {' '.join(sorted(found.ask))}")
    if not found.enforced:
        err.write("The site or the client only reports: nothing of this is refused.")
