"""Serves this project and the plain toolkit the same way, and prints what each request costs.

The two sites differ in the provider alone: same settings around it, same middleware, same server,
same PostgreSQL. Rounds of the two alternate, so that what else the machine does meets both.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks import report, resolution
from benchmarks.endpoint import ENDPOINTS
from benchmarks.race import Plan, race
from benchmarks.site import Site, serve
from tests import postgres

RESULTS = Path("var/bench.json")
PLAN = Plan(rounds=7, seconds=1.0, limit=60, deadline=180)
QUICK = Plan(rounds=2, seconds=0.5, limit=25, deadline=40)


def main() -> int:
    """Run, print the table, write the numbers, and say which promises do not hold."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a rough answer in under a minute")
    parser.add_argument("--strict", action="store_true", help="fail where a promise is broken")
    options = parser.parse_args()
    plan = QUICK if options.quick else PLAN
    micro = resolution.measure()
    with ExitStack() as stack:
        database = stack.enter_context(postgres.running())
        sites = [
            stack.enter_context(serve(Site(name), database, plan)) for name in ("ours", "plain")
        ]
        rows = race(ENDPOINTS, sites, database.process.pid, plan)
    print(report.table(rows, micro))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report.as_json(rows, micro), indent=2), encoding="utf-8")
    broken = report.broken_promises(rows, micro)
    for line in broken:
        print(f"!! {line}", file=sys.stderr)
    return 1 if broken and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
