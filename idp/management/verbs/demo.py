"""Make the demo content of a site whose settings name it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils.module_loading import import_string

from idp.conf import idp_settings


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "--base-url", default="http://127.0.0.1:8000", help="origin under which the site is served"
    )


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Call what ``IDP["DEMO"]`` names; return 2 on a site without a demo."""
    if not idp_settings.demo:
        err.write('This site has no demo: IDP["DEMO"] names no callable.')
        return 2
    import_string(idp_settings.demo)(options["base_url"].rstrip("/"), out)
    return 0
