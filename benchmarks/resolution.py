"""How long it takes to judge 50 requested scopes against a catalogue of 2,000."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta

from idp.domain.catalogue import Catalogue, Policy, Scope
from idp.domain.lifetime import ServerLifetimes
from idp.domain.party import ClientFacts, ClientScope, SignInFacts, UserFacts
from idp.domain.scope import resolve

SCOPES = 2000
REQUESTED = 50
RUNS = 300
LIMIT_MS = 1.0
NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def measure() -> float:
    """Return the median in milliseconds."""
    policies = [Policy(name=f"policy{number}") for number in range(20)]
    names = [f"api{number % 40}:scope{number}" for number in range(SCOPES)]
    catalogue = Catalogue(
        {
            name: Scope(name, policy=policies[number % len(policies)])
            for number, name in enumerate(names)
        },
        1,
    )
    client = ClientFacts(
        client_id="client",
        grant_types=frozenset({"authorization_code"}),
        scopes={name: ClientScope(name) for name in names},
    )
    requested = frozenset(names[:: SCOPES // REQUESTED])
    lifetimes = ServerLifetimes(timedelta(minutes=10), timedelta(days=90), timedelta(days=30))
    user, sign_in = UserFacts(), SignInFacts(NOW)
    times = []
    for _run in range(RUNS):
        start = time.perf_counter()
        answer = resolve(
            requested=requested,
            client=client,
            user=user,
            sign_in=sign_in,
            catalogue=catalogue,
            grant_type="authorization_code",
            now=NOW,
            lifetimes=lifetimes,
        )
        times.append(time.perf_counter() - start)
    if answer.granted != requested:
        raise RuntimeError(f"not all scopes were granted: {answer.description}")
    return statistics.median(times) * 1000
