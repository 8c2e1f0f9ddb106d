"""List the signing keys, or announce a successor."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.management.printing import write_json
from idp.models import SigningKey
from idp.services.key import ALGORITHMS, list_keys, rotate_key


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("action", choices=("list", "rotate"))
    parser.add_argument("--algorithm", choices=ALGORITHMS, default="RS256")
    parser.add_argument("--json", action="store_true", help="print the keys as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """List or rotate; private keys are never printed."""
    if options["action"] == "rotate":
        key = rotate_key(options["algorithm"], now=timezone.now(), by="manage.py idp keys rotate")
        err.write(f"{key.kid} is announced and will sign once caches know it.")
    keys = [_row(key) for key in list_keys()]
    if options["json"]:
        write_json(out, keys)
        return 0
    for row in keys:
        err.write("  ".join(str(row[name]) for name in ("kid", "algorithm", "use", "state")))
    return 0


def _row(key: SigningKey) -> dict[str, Any]:
    return {
        "kid": key.kid,
        "algorithm": key.algorithm,
        "use": str(key.use),
        "state": str(key.state),
        "source": key.source,
        "created_at": _text(key.created_at),
        "activated_at": _text(key.activated_at),
        "retiring_at": _text(key.retiring_at),
        "retired_at": _text(key.retired_at),
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
