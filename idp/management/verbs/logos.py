"""Fetch the logos of verified clients, to be served by the site itself."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.management.printing import write_json
from idp.services.logo import LogoError, clients_with_address, fetch_logo

BY = "manage.py idp logos fetch"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("action", choices=("fetch",))
    parser.add_argument("--client", metavar="ID", help="this client's alone")
    parser.add_argument("--json", action="store_true", help="print what became of each as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Fetch; return 1 where a logo could not be had, 2 for a client that cannot have one."""
    policies = clients_with_address()
    if options["client"]:
        policies = policies.filter(application__client_id=options["client"])
        if not policies.exists():
            err.write("There is no such client that is verified and has a logo address.")
            return 2
    rows = [_fetched(policy.application, err) for policy in policies]
    if options["json"]:
        write_json(out, rows)
    return 1 if any(row["error"] for row in rows) else 0


def _fetched(application: Any, err: OutputWrapper) -> dict[str, Any]:
    try:
        logo = fetch_logo(application, by=BY, now=timezone.now())
    except LogoError as error:
        err.write(f"{application.client_id}: {error.reason.message}")
        return {"client_id": application.client_id, "digest": None, "error": error.reason.code}
    err.write(f"{application.client_id}: {logo.content_type}, {logo.width} × {logo.height} pixels")
    return {"client_id": application.client_id, "digest": logo.digest, "error": None}
