"""Alternates rounds of two sites over every endpoint, and measures each."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks import cpu
from benchmarks.endpoint import Endpoint
from benchmarks.site import Served

WARM_UP = 6


@dataclass(frozen=True)
class Plan:
    """How long the run takes.

    Attributes:
        rounds: rounds of each site and endpoint.
        seconds: of one round.
        limit: most requests of a round that uses codes up.
        deadline: seconds after which no round begins any more.
    """

    rounds: int
    seconds: float
    limit: int
    deadline: float

    @property
    def codes(self) -> int:
        """Return how many codes of a client the run uses at most."""
        return self.rounds * self.limit + WARM_UP + 40


@dataclass
class Lane:
    """The rounds of one site at one endpoint."""

    statements: int
    cpu_ms: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    @property
    def cpu(self) -> float:
        """Return the median CPU time of a request in milliseconds, server and database."""
        return statistics.median(self.cpu_ms)

    @property
    def rate(self) -> float:
        """Return the median number of requests per second."""
        return statistics.median(self.rates)


@dataclass(frozen=True)
class Row:
    """Both sites at one endpoint."""

    endpoint: Endpoint
    ours: Lane
    plain: Lane

    @property
    def ratio(self) -> float:
        """Return how many times the CPU of ours the plain toolkit takes."""
        return self.plain.cpu / self.ours.cpu


def race(
    endpoints: Iterable[Endpoint], sites: Sequence[Served], database: int, plan: Plan
) -> list[Row]:
    """Return what every endpoint costs on each of two sites.

    Args:
        endpoints: what is asked.
        sites: ours and the plain one.
        database: process that every process of the database descends from.
        plan: how long it may take.
    """
    lanes = {
        endpoint: [Lane(site.statements[endpoint.key]) for site in sites] for endpoint in endpoints
    }
    for endpoint in lanes:
        for site in sites:
            site.connections.run(endpoint, site.stock, seconds=20, limit=WARM_UP)
    start = time.monotonic()
    for number in range(plan.rounds):
        _say(f"round {number + 1} of {plan.rounds}")
        for endpoint, pair in lanes.items():
            if number and time.monotonic() - start > plan.deadline:
                return [Row(endpoint, *pair) for endpoint, pair in lanes.items()]
            turns = list(zip(sites, pair, strict=True))
            for site, lane in turns if number % 2 == 0 else reversed(turns):
                _round(endpoint, site, lane, database, plan)
    return [Row(endpoint, *pair) for endpoint, pair in lanes.items()]


def _round(endpoint: Endpoint, site: Served, lane: Lane, database: int, plan: Plan) -> None:
    before = cpu.seconds(site.pid) + cpu.seconds(database)
    limit = plan.limit if endpoint.consumes else sys.maxsize
    load = site.connections.run(endpoint, site.stock, seconds=plan.seconds, limit=limit)
    after = cpu.seconds(site.pid) + cpu.seconds(database)
    lane.cpu_ms.append((after - before) * 1000 / load.requests)
    lane.rates.append(load.requests / load.seconds)


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(text, file=sys.stderr)
