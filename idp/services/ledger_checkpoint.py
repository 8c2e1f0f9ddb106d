"""Signed checkpoints of the ledger, for operators to keep where the database cannot reach."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from idp.domain.ledger import Head
from idp.models import SigningKey
from idp.services.key import signing_key
from idp.services.key_seal import private_jwk
from idp.services.ledger import moment
from idp.services.ledger_verification import subject_heads

ALGORITHM = "ES256"
TYPE = "ledger-checkpoint+jws"


class BadCheckpoint(ValueError):
    """A text that is no checkpoint, or not one that this site signed."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the signature of a checkpoint covers.

    Attributes:
        at: when it was written, as in the ledger.
        chains: how many chains it holds the ends of.
        sha256: of all lines before the signature.
    """

    at: str
    chains: int
    sha256: str


def write_checkpoint(stream: IO[str], *, now: datetime) -> Checkpoint:
    """Write the end of every chain, one a line, and a signature over all of them.

    Verify the ledger first: the checkpoint says what is stored, not that it is sound.

    Args:
        stream: where to.
        now: the time.
    """
    hasher, chains = hashlib.sha256(), 0
    for head in subject_heads():
        line = f"{head.subject} {head.sequence} {head.digest}\n"
        hasher.update(line.encode("ascii"))
        stream.write(line)
        chains += 1
    written = Checkpoint(moment(now), chains, hasher.hexdigest())
    key = signing_key(ALGORITHM, SigningKey.Use.RECEIPTS, now)
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}
    claims = json.dumps({"at": written.at, "chains": chains, "sha256": written.sha256})
    stream.write(jws.serialize_compact(header, claims.encode(), private_jwk(key)) + "\n")
    return written


def check_checkpoint(stream: IO[str]) -> Checkpoint:
    """Return what a checkpoint says after checking its signature, in constant memory.

    Raises:
        BadCheckpoint: it was not written by this site, or changed since.
    """
    hasher, chains, last = hashlib.sha256(), 0, ""
    for line in stream:
        if last:
            hasher.update(last.encode("utf-8", "surrogateescape"))
            chains += 1
        last = line
    found = _opened(last.strip())
    if (found.chains, found.sha256) != (chains, hasher.hexdigest()):
        raise BadCheckpoint("The checkpoint was changed after it was signed.")
    return found


def checkpoint_heads(stream: IO[str]) -> Iterator[Head]:
    """Yield the ends of chains that a checkpoint holds; check it before.

    Raises:
        BadCheckpoint: a line is not one of a checkpoint.
    """
    for line in stream:
        parts = line.split()
        if len(parts) == 1:
            return
        try:
            subject, sequence, digest = parts
            yield Head(subject, int(sequence), digest)
        except ValueError as error:
            raise BadCheckpoint("The file is no checkpoint of the ledger.") from error


def _opened(token: str) -> Checkpoint:
    try:
        signed = jws.extract_compact(token.encode())
        header: dict[str, Any] = signed.headers()
        row = SigningKey.objects.get(kid=header["kid"], use=SigningKey.Use.RECEIPTS)
        opened = jws.deserialize_compact(token, import_key(row.public_jwk), algorithms=[ALGORITHM])
        claims = json.loads(opened.payload)
        if header["typ"] != TYPE:
            raise BadCheckpoint("The file is signed, but it is no checkpoint.")
        return Checkpoint(claims["at"], claims["chains"], claims["sha256"])
    except (JoseError, SigningKey.DoesNotExist, KeyError, TypeError, ValueError) as error:
        raise BadCheckpoint("The file is no checkpoint that this site signed.") from error
