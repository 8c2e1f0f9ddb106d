"""System checks of the provider."""

from __future__ import annotations


def register() -> None:
    """Register every check with Django."""
