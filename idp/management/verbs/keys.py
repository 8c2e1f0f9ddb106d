"""List the signing keys, announce successors, or encrypt them anew."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.management.printing import write_json
from idp.models import SigningKey
from idp.services.key import ALGORITHMS, list_keys, promote_keys, rotate_key, rotate_old_key
from idp.services.key_seal import KeyUnavailable, reencrypt_keys


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("action", choices=("list", "rotate", "reencrypt"))
    parser.add_argument("--algorithm", choices=ALGORITHMS, default="RS256")
    parser.add_argument(
        "--if-older-than",
        type=int,
        metavar="DAYS",
        help="rotate each algorithm whose key has signed for so long; for a schedule",
    )
    parser.add_argument("--json", action="store_true", help="print the keys as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """List, rotate or encrypt anew; private keys are never printed."""
    if options["action"] == "rotate":
        for key in _rotated(options):
            err.write(f"{key.kid} is announced and will sign once caches know it.")
    elif options["action"] == "reencrypt":
        try:
            count = reencrypt_keys()
        except KeyUnavailable as error:
            err.write(f"Nothing was changed: {error}.")
            return 1
        err.write(f"{count} keys are now encrypted under the newest of KEY_ENCRYPTION_KEYS.")
    keys = [_row(key) for key in list_keys()]
    if options["json"]:
        write_json(out, keys)
        return 0
    for row in keys:
        err.write("  ".join(str(row[name]) for name in ("kid", "algorithm", "use", "state")))
    return 0


def _rotated(options: Mapping[str, Any]) -> list[SigningKey]:
    now, by = timezone.now(), "manage.py idp keys rotate"
    # What was announced before may be due: a schedule that runs nothing else moves it on.
    promote_keys(now)
    if options["if_older_than"] is None:
        return [rotate_key(options["algorithm"], now=now, by=by)]
    limit = timedelta(days=max(options["if_older_than"], 0))
    found = (rotate_old_key(name, older_than=limit, now=now, by=by) for name in ALGORITHMS)
    return [key for key in found if key is not None]


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
