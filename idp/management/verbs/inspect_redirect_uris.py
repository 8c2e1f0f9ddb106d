"""Judge every registered redirect URI by the rules, without changing anything."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.conf import application_model
from idp.management.printing import write_json
from idp.services.client import policy_of
from idp.services.redirect_uri import finding_dict, findings

FINDING = ("code", "severity", "message", "reference", "suggestion")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Print the URIs with findings; return 1 if any is an error or a warning."""
    rows = list(_rows())
    if options["json"]:
        write_json(out, rows)
    count = 0
    for row in rows:
        for finding in row["findings"]:
            hint = f" Suggestion: {finding['suggestion']}" if finding["suggestion"] else ""
            err.write(
                f"{finding['severity']}: {row['client_id']}: {row['uri']}: "
                f"{finding['message']} [{finding['reference']}]{hint}"
            )
            count += finding["severity"] != "info"
    err.write(f"{count} findings." if count else "No findings.")
    return 1 if count else 0


def _rows() -> Iterator[dict[str, Any]]:
    """Yield what is to be said, client by client; URIs without findings are left out."""
    now = timezone.now()
    applications = application_model()._default_manager.select_related("idp_policy")
    for application in applications.order_by("client_id").iterator():
        policy = policy_of(application)
        for found in findings(application, now=now):
            if not found.findings:
                continue
            yield {
                "client_id": application.client_id,
                "uri": found.uri,
                "environment": str(policy.environment),
                "kind": str(policy.kind),
                "findings": [
                    {key: value for key, value in finding_dict(reason).items() if key in FINDING}
                    for reason in found.findings
                ],
            }
