"""Writes the tables of what is proven, from the marks of the tests.

The sources are read, not run: ``tests.requirement`` says what the marks mean.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.faults import ERRORS, table

ROOT = Path(__file__).resolve().parents[1]
CONFORMANCE = ROOT / "docs" / "reference" / "conformance.md"
TOOLKIT = ROOT / "docs" / "reference" / "toolkit.md"


class Proof(NamedTuple):
    """A test and one thing that it proves.

    Attributes:
        path: of the test's file, from the root.
        name: of the test.
        mark: ``requirement`` or ``defect``.
        arguments: of the mark.
    """

    path: str
    name: str
    mark: str
    arguments: tuple[str | int, ...]


def proofs(folder: Path = ROOT / "tests") -> list[Proof]:
    """Return every mark of every test."""
    found: list[Proof] = []
    for path in sorted(folder.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "tests.requirement" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                place = path.relative_to(folder.parent).as_posix()
                found += (Proof(place, node.name, *mark) for mark in _marks(node))
    return found


def conformance(found: list[Proof]) -> str:
    """Return the page of requirements: by specification and section, with their tests."""
    lines = [
        "# Conformance",
        "",
        "What the specifications ask for and which test proves it. "
        "This page is written by `make docs`.",
        "",
    ]
    rows: dict[tuple[str, str], dict[str, list[Proof]]] = {}
    for proof in found:
        if proof.mark == "requirement":
            source, sentence = (str(argument) for argument in proof.arguments)
            specification, _, section = source.partition(" §")
            rows.setdefault((specification, section), {}).setdefault(sentence, []).append(proof)
    last = ""
    for specification, section in sorted(rows, key=_order):
        if specification != last:
            lines += ["", f"## {specification}", "", "| § | Requirement | Proven by |"]
            lines += ["|---|---|---|"]
            last = specification
        for sentence, proving in rows[specification, section].items():
            lines.append(f"| {section or '—'} | {sentence} | {_links(proving)} |")
    return _page(lines)


def toolkit(found: list[Proof]) -> str:
    """Return the page of the toolkit's defects, with the tests that fail without our remedy."""
    from tests.defects import DEFECTS

    lines = [
        "# Where the toolkit falls short, and what happens here",
        "",
        "Seen in django-oauth-toolkit 3.4.1. This page is written by `make docs`.",
        "",
        "| # | The toolkit | Here | Proven by |",
        "|---|---|---|---|",
    ]
    for number, row in DEFECTS.items():
        proving = [each for each in found if each[2:] == ("defect", (number,))]
        lines.append(f"| {number} | {row.there} | {row.here} | {_links(proving)} |")
    return _page(lines)


def _marks(node: ast.FunctionDef) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Name):
            continue
        if decorator.func.id in {"requirement", "defect"}:
            yield decorator.func.id, tuple(ast.literal_eval(each) for each in decorator.args)


def _links(found: list[Proof]) -> str:
    return "<br>".join(
        f"[{proof.name.removeprefix('test_').replace('_', ' ')}](../../{proof.path})"
        for proof in dict.fromkeys(found)
    )


def _order(key: tuple[str, str]) -> tuple[str, list[tuple[int, str]]]:
    """Sort sections as a specification does: 4.1.2 before 4.1.10."""
    parts = re.findall(r"\d+|[^\d.]+", key[1])
    return key[0], [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def _page(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def pages() -> dict[Path, str]:
    """Return each page that the tests tell, and its text."""
    found = proofs()
    return {CONFORMANCE: conformance(found), TOOLKIT: toolkit(found), ERRORS: table()}


def is_current() -> bool:
    """Return whether every page says what the tests prove."""
    return all(
        path.exists() and path.read_text(encoding="utf-8") == text for path, text in pages().items()
    )


def main() -> int:
    """Write the pages, or say that they are not up to date."""
    parser = argparse.ArgumentParser(prog="python -m tools.conformance", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    if not parser.parse_args().check:
        for path, text in pages().items():
            path.write_text(text, encoding="utf-8")
    elif not is_current():
        print("The tables of the tests are not up to date: make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
