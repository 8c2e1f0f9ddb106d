"""``python -m benchmarks.size``: a big site, each of its pages and its long work, measured.

The rows are made in a PostgreSQL of its own, or in the empty database that
``IDP_TEST_DATABASE_URL`` names; ``--keep`` leaves it under ``var/`` for the next run. The result is
a table, and ``var/size.json``. Exit status 1 where a page breaks its bound, or where something is
left after the long work or the ledger does not verify then; what it was is the last line.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.size.server import database

RESULT = Path("var/size.json")


def main() -> int:
    """Measure, and return the exit status."""
    parser = argparse.ArgumentParser(prog="benchmarks.size", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="0.1 makes a tenth")
    parser.add_argument("--keep", action="store_true", help="keep the database for the next run")
    parser.add_argument(
        "--pages", default="", help="only pages whose name holds this; “none” for no page"
    )
    parser.add_argument(
        "--work", action="store_true", help="take back and purge as well, which uses the rows up"
    )
    options = parser.parse_args()
    with database(keep=options.keep, scale=options.scale):
        from benchmarks.size.page import measure_pages, shown
        from benchmarks.size.population import is_populated, populate, size_of

        size = size_of(options.scale)
        if not is_populated(size):
            populate(size)
        pages = measure_pages(size, options.pages)
        sys.stdout.write(shown(pages))
        result = {"scale": options.scale, "pages": [page.as_dict() for page in pages]}
        if options.work:
            from benchmarks.size.work import measure_work

            result["work"] = measure_work()
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    broken = [page.name for page in pages if not page.holds]
    if broken:
        sys.stderr.write(f"Beyond the bounds of a page: {', '.join(broken)}.\n")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
