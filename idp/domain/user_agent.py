"""What a browser calls itself, in the words of the person who uses it."""

from __future__ import annotations

from typing import NamedTuple

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""A mark and the name; the first that is found, because each claims to be those below it."""

SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
"""The same for what it runs on."""


class Device(NamedTuple):
    """Where somebody is.

    Attributes:
        browser: its name; empty where it is none that is known.
        system: what it runs on; empty where that is not known.
    """

    browser: str
    system: str


def device(user_agent: str) -> Device:
    """Return browser and system of a ``User-Agent``, for people alone: anybody can send any.

    Args:
        user_agent: the header as received.

    Source: RFC 9110 §10.1.5.
    """
    return Device(_first(user_agent, BROWSERS), _first(user_agent, SYSTEMS))


def _first(text: str, marks: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in marks if mark in text), "")
