"""Every signal connection of the provider, each with its ``dispatch_uid``."""

from __future__ import annotations


def connect() -> None:
    """Connect the receivers."""
