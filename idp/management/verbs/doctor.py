"""Look at settings and data, and say what is wrong, how bad it is and what to do."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.conf import idp_settings
from idp.management.manifest.drift import drift
from idp.management.printing import write_json
from idp.services.doctor import by_severity, examine, remember_examination

FAILING = {"warning": frozenset({"warning", "error"}), "error": frozenset({"error"})}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "--file",
        default="",
        help='the file that is applied to the site; by default IDP["APPLIED_FILE"]',
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--fail-on", choices=sorted(FAILING), help="exit with 1 on a finding as bad as this"
    )


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Print the findings and keep them for the start page; 1 only where ``--fail-on`` asks."""
    now = timezone.now()
    file = options["file"] or idp_settings.applied_file
    found = by_severity([*examine(now), *(drift(file, now) if file else ())])
    remember_examination(found, now)
    if options["json"]:
        write_json(out, [each.as_dict() for each in found])
    for each in found:
        rule = f" [{each.reference}]" if each.reference else ""
        err.write(f"{each.severity}: {each.code}: {each.message}{rule}\n    {each.remedy}")
    err.write(f"{len(found)} findings." if found else "No findings.")
    failing = FAILING.get(options["fail_on"] or "", frozenset())
    return 1 if any(each.severity in failing for each in found) else 0
