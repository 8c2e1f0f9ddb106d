"""Write APIs, policies, scopes and clients as a TOML file that applies back without a change."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.management.manifest.export import export_manifest


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--output", help="the file to write; standard output without it")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Write the file; return 2 if it cannot be written."""
    text = export_manifest(timezone.now())
    name = options["output"]
    if not name:
        out.write(text, ending="")
        return 0
    try:
        Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        err.write(f"{name}: {error.strerror or error}")
        return 2
    err.write(f"Wrote {name}.")
    return 0
