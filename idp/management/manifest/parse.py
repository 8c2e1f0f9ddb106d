"""From the text of a file to typed entries."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

from idp.management.manifest.catalogue_section import read_api, read_policy, read_scope
from idp.management.manifest.client_section import read_client
from idp.management.manifest.entry import Manifest
from idp.management.manifest.problem import Place, Problem
from idp.management.manifest.reader import Reader, tables

Section = tuple[str, Callable[[Reader], Any]]

SECTIONS: dict[str, Section] = {
    "apis": ("identifier", read_api),
    "policies": ("name", read_policy),
    "scopes": ("name", read_scope),
    "clients": ("client_id", read_client),
}
"""Section of the file to the key that names its entries, and their reader."""

DECISIVE = frozenset({"kind", "environment"})
"""Keys that the rules of all others depend on; a default in their place would mislead."""

MAX_BYTES = 20_000_000


def parse(data: bytes) -> tuple[Manifest, list[Problem]]:
    """Return the entries of a file and everything that is wrong with its form.

    Args:
        data: the file's contents, TOML in UTF-8.

    Returns:
        The entries that could be read, and every problem. An entry with a problem is returned too
        where the rest of it can still be judged, so that all its errors are told at once; nothing
        of a file with a problem is ever kept.
    """
    problems: list[Problem] = []
    document = _load(data, problems)
    top = Reader(document, Place(), problems)
    found: dict[str, tuple[Any, ...]] = {}
    named: dict[str, frozenset[str]] = {}
    for section, (id_key, read) in SECTIONS.items():
        rows = top.get(section, tables, [])
        if top.has(section):
            named[section] = frozenset(_ids(rows, id_key))
        found[section] = tuple(_entries(section, id_key, read, rows, problems))
    top.finish()
    return Manifest(**found, named=named), problems


def _load(data: bytes, problems: list[Problem]) -> dict[str, Any]:
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"The file is longer than {MAX_BYTES} bytes.")
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"The file is not UTF-8: byte {error.start} cannot be read."
    except RecursionError:
        message = "The file is nested too deeply."
    except ValueError as error:
        message = f"The file is not TOML: {error}"
    problems.append(Problem("", "", "", "invalid_toml", message, "TOML 1.0"))
    return {}


def _entries(
    section: str,
    id_key: str,
    read: Callable[[Reader], Any],
    rows: list[dict[str, Any]],
    problems: list[Problem],
) -> list[Any]:
    entries = []
    seen: set[str] = set()
    for position, row in enumerate(rows):
        name = row.get(id_key)
        place = Place(f"{section}[{position}]", name if isinstance(name, str) else "")
        reader = Reader(row, place, problems)
        before = len(problems)
        entry = read(reader)
        reader.finish()
        if place.id and place.id in seen:
            reader.note(id_key, "duplicate_entry", "Another entry of the file has this name.")
        seen.add(place.id)
        wrong = {problem.key.partition(".")[0] for problem in problems[before:]}
        if not wrong or (place.id and not wrong & {id_key, *DECISIVE}):
            entries.append(entry)
    return entries


def _ids(rows: list[dict[str, Any]], id_key: str) -> list[str]:
    return [row[id_key] for row in rows if isinstance(row.get(id_key), str)]
