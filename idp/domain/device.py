"""Devices that ask for access (RFC 8628): their codes, and what the device is told next."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""Twenty consonants: no word comes out, and none looks like a digit or like a vowel (§6.1)."""
LENGTH = 8
GROUP = 4

LIFETIME = timedelta(minutes=10)
INTERVAL = timedelta(seconds=5)
"""How long a device waits between two questions (§3.2)."""
SLOWER = timedelta(seconds=5)
"""By how much the interval grows with each question that comes too soon (§3.5)."""
LENIENCE = timedelta(seconds=1)
"""What the network may take off an interval without anybody's fault."""
REPEAT = timedelta(seconds=5)
"""How long a second question that was already on its way is no sign of theft."""

_LOOK_ALIKES = str.maketrans({"5": "S", "8": "B", "2": "Z", "6": "G", "1": "L", "I": "L", "U": "V"})
_BETWEEN = re.compile(r"[\s\-‐-―−_.·]+")
_CODE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
MOST_TYPED = 64


def draw_user_code(choose: Callable[[str], str]) -> str:
    """Return a new user code.

    Args:
        choose: returns one character of a text, each as likely as any other.
    """
    return "".join(choose(ALPHABET) for _place in range(LENGTH))


def shown(user_code: str) -> str:
    """Return a user code as people read it: in groups."""
    return "-".join(user_code[at : at + GROUP] for at in range(0, len(user_code), GROUP))


def normalise(typed: str) -> str:
    """Return the user code that somebody typed, or an empty text where it cannot be one.

    Case, spaces, hyphens and full-width letters do not matter, and what is easily taken for a
    letter of the alphabet stands for it.

    Source: RFC 8628 §6.1.
    """
    if len(typed) > MOST_TYPED:
        return ""
    plain = unicodedata.normalize("NFKC", typed).upper()
    code = _BETWEEN.sub("", plain).translate(_LOOK_ALIKES)
    return code if _CODE.fullmatch(code) else ""


class State(StrEnum):
    """Where the request of a device stands."""

    PENDING = "pending"
    ALLOWED = "allowed"
    DENIED = "denied"
    REDEEMED = "redeemed"
    CLOSED = "closed"


class Answer(StrEnum):
    """What a device is told; but for the first, the error code on the wire (§3.5)."""

    TOKENS = "tokens"
    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    EXPIRED = "expired_token"
    DENIED = "access_denied"
    SPENT = "invalid_grant"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a device that asks for its tokens.

    Attributes:
        state: a ``State``.
        expires_at: when its codes end.
        interval: how long it must wait between two questions.
        polled_at: when it asked last, or None.
    """

    state: str
    expires_at: datetime
    interval: timedelta
    polled_at: datetime | None = None


def answer(standing: Standing, now: datetime) -> Answer:
    """Return what a device is told that asks for its tokens.

    Only who still waits can ask too often; a decision is told at once.

    Source: RFC 8628 §3.5.
    """
    if standing.state == State.REDEEMED:
        return Answer.SPENT
    if standing.state == State.CLOSED or standing.expires_at <= now:
        return Answer.EXPIRED
    if standing.state == State.DENIED:
        return Answer.DENIED
    if standing.state == State.ALLOWED:
        return Answer.TOKENS
    if standing.polled_at is None:
        return Answer.PENDING
    early = now - standing.polled_at < standing.interval - LENIENCE
    return Answer.SLOW_DOWN if early else Answer.PENDING


def is_theft(redeemed_at: datetime | None, now: datetime) -> bool:
    """Return whether a device code that comes again was taken from the device, for all we know."""
    return redeemed_at is not None and now - redeemed_at > REPEAT
