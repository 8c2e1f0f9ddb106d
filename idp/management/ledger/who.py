"""Say who had given access to what on one day."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.services.ledger_query import Access, who_had_access_on
from idp.services.user import find_user


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the action's arguments."""
    group = parser.add_argument_group("who")
    group.add_argument("--on", metavar="DATE", help="the day, as 2026-03-01 in UTC; default: today")
    group.add_argument("--client", default="", metavar="ID", help="of this client alone")
    group.add_argument("--user", metavar="NAME", help="of this user alone")


def run(options: Mapping[str, Any], out: OutputWrapper, err: OutputWrapper) -> int:
    """Print who had access at any time of the day; return 2 for an unknown user or no date."""
    try:
        day = date.fromisoformat(options["on"]) if options["on"] else timezone.now().date()
    except ValueError:
        err.write(f"{options['on']} is no date; write it as 2026-03-01.")
        return 2
    limits: dict[str, Any] = {"client_id": options["client"]}
    if options["user"]:
        limits["user"] = find_user(options["user"])
        if limits["user"] is None:
            err.write(f"There is no user {options['user']}.")
            return 2
    count = 0
    for access in who_had_access_on(day, **limits):
        count += 1
        if options["json"]:
            out.write(json.dumps(_row(access), ensure_ascii=False))
        else:
            err.write(_line(access))
    err.write(f"{count} on {day}.")
    return 0


def _row(access: Access) -> dict[str, Any]:
    return {
        "subject": access.subject,
        "user": access.user or None,
        "client_id": access.client_id,
        "client_name": access.client_name,
        "scopes": sorted(access.scopes),
        "since": access.since.isoformat(),
        "expires_at": access.expires_at and access.expires_at.isoformat(),
        "event": access.event,
    }


def _line(access: Access) -> str:
    person = access.user or f"somebody forgotten ({access.subject})"
    scopes = " ".join(sorted(access.scopes))
    return f"{person}  {access.client_id}  {scopes}  since {access.since:%Y-%m-%d %H:%M}"
