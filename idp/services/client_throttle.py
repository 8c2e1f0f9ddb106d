"""Failed client authentication is counted, and guessing a secret is stopped, nobody else.

Who guesses can only hope for a secret that somebody chose. So a limit shuts out exactly the
presented secrets that are neither of our making (256 random bits, known by prefix and checksum,
which nobody guesses) nor right before. The right client is served whoever fails
beside it: behind the same address, or under its own name from anywhere.

Failures of one client from one address count, and of one address for all clients; never those of a
client from everywhere, by which anybody could shut it out. They are counted by the minute, for
each network around the address, of which a wider one has more shares. A request beyond a limit
costs no statement and no hash.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.core.cache import cache

from idp.domain import credential
from idp.domain.address import networks
from idp.services.throttle import count, counter, seconds_left

PAIR_LIMIT = 10
"""Failures of one client from one address within a minute."""
ADDRESS_LIMIT = 100
"""Failures of one address within a minute, whoever it claims to be."""
WINDOW_SECONDS = 60

PROOF_SECONDS = 30 * 86_400
"""How long it is known that a secret was right."""

# Owned by this module: proofs that a secret was right for a client, as this process saw them; the
# cache tells the other processes. They are keyed by a key of the site and let nobody in: what has a
# proof is checked.
_right_before: dict[str, None] = {}
MAX_PROOFS = 4096


def seconds_to_wait(client_id: str, secret: str, address: str, now: datetime) -> int:
    """Return how long a secret will not be looked at; 0 for one that may be tried now.

    Args:
        client_id: as sent.
        secret: as sent.
        address: where the request comes from; empty where that is not known.
        now: the time.
    """
    if credential.is_well_formed(secret, credential.SECRET):
        return 0
    if _over(client_id, address, now) and not _was_right(_proof(client_id, secret)):
        return seconds_left(seconds=WINDOW_SECONDS, now=now)
    return 0


def note_success(client_id: str, secret: str) -> None:
    """Remember that a secret was right, so that no limit keeps it from a check."""
    if credential.is_well_formed(secret, credential.SECRET):
        return
    proof = _proof(client_id, secret)
    if proof in _right_before:
        return
    cache.set(proof, 1, PROOF_SECONDS)
    while len(_right_before) >= MAX_PROOFS:
        _right_before.pop(next(iter(_right_before)), None)
    _right_before[proof] = None


def note_failure(client_id: str, address: str, now: datetime) -> bool:
    """Count a failure; return whether it is worth a record, which those beyond a limit are not."""
    for limits in _limits(client_id, address, now):
        counted = [
            count(name, seconds=WINDOW_SECONDS, now=now) <= limit for name, limit in limits.items()
        ]
        if not all(counted):
            return False  # who is over the own limit does not use up what the neighbours have
    return True


def _over(client_id: str, address: str, now: datetime) -> bool:
    around = _limits(client_id, address, now)
    limits = {name: limit for each in around for name, limit in each.items()}
    counts = cache.get_many(limits)
    return any(int(counts.get(name, 0)) >= limit for name, limit in limits.items())


def _limits(client_id: str, address: str, now: datetime) -> list[dict[str, int]]:
    """Return the names of the counters at hand, and how far each may go, narrowest first."""
    around = []
    for shares, sender in enumerate(networks(address), 1):
        limits = {_name(client_id, sender, now): shares * PAIR_LIMIT}
        if address:
            limits[_name("", sender, now)] = shares * ADDRESS_LIMIT
        around.append(limits)
    return around


def _name(client_id: str, sender: str, now: datetime) -> str:
    return counter("client_failed", client_id, sender, seconds=WINDOW_SECONDS, now=now)


def _was_right(proof: str) -> bool:
    return proof in _right_before or cache.get(proof) is not None


def _proof(client_id: str, secret: str) -> str:
    said = f"{client_id}\x00{secret}".encode("utf-8", "surrogatepass")
    return "idp.client_right." + hmac.new(_key(settings.SECRET_KEY), said, "sha256").hexdigest()


@lru_cache(maxsize=2)
def _key(site_secret: str) -> bytes:
    """Return the key of proofs: slow to derive, because whoever reads the cache may try it."""
    salt = b"idp.client-throttle"
    return hashlib.scrypt(site_secret.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
