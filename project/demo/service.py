"""Monthly Report: a service that fetches a report in its own name.

Run ``python -m project.demo.service`` while the demo is being served.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

FILE = Path(__file__).resolve().parents[2] / "var" / "demo.json"
CLIENT_ID = "monthly-report"
SCOPE = "reports:read"
TIMEOUT = 10
"""Seconds."""


def fetch(content: dict[str, Any]) -> dict[str, Any]:
    """Return the report.

    Args:
        content: what ``var/demo.json`` says.

    Raises:
        OAuthError: the provider gives no token.
        requests.RequestException: provider or API cannot be reached, or refuse.
    """
    base = content["base_url"]
    client = next(row for row in content["clients"] if row["client_id"] == CLIENT_ID)
    with OAuth2Session(client["client_id"], client["client_secret"], scope=SCOPE) as session:
        session.trust_env = False
        discovery = session.get(
            f"{base}/o/.well-known/openid-configuration", withhold_token=True, timeout=TIMEOUT
        )
        discovery.raise_for_status()
        session.fetch_token(
            discovery.json()["token_endpoint"], grant_type="client_credentials", timeout=TIMEOUT
        )
        answer = session.get(f"{base}/api/reports/", timeout=TIMEOUT)
        answer.raise_for_status()
        report: dict[str, Any] = answer.json()
        return report


def lines(report: dict[str, Any]) -> list[str]:
    """Return the report as a small table."""
    people, photos, kilobytes = report["people"], report["photos"], report["bytes"] / 1000
    rows = [f"{photos} photos of {people} people, {kilobytes:.0f} kB"]
    rows += [f"  {row['month']}  {row['photos']:>5}" for row in report["months"]]
    return rows


def main(path: Path = FILE) -> int:
    """Print the report; return the exit status."""
    if not path.exists():
        sys.stderr.write("There is no demo yet: start it with make demo.\n")
        return 1
    try:
        report = fetch(json.loads(path.read_text(encoding="utf-8")))
    except OAuthError as error:
        sys.stderr.write(f"The provider refuses: {error.error}: {error.description}\n")
        return 1
    except requests.RequestException as error:
        sys.stderr.write(f"Is the demo being served? {error}\n")
        return 1
    sys.stdout.write("\n".join(lines(report)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
