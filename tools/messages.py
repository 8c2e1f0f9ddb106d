"""Regenerate the translation catalogues: ``make messages``.

Needs GNU gettext. The pure rules of ``idp.domain`` and the refusals of the rooms above it carry
plain English sentences without a gettext mark, which the pages translate when they show them. They
are collected here by reading the source, written to a file that lives only while the catalogues
are made, and so land in the catalogues of ``idp`` beside everything that is marked.

A sentence begins with a capital letter, a quotation mark or a placeholder, and ends with a stop:
that is how it is told from keys and names. What a client reads as ``error_description`` is the same
sentence, always in English, because nothing but ASCII may stand there (RFC 6749 §5.2): a reason's
``message`` is never translated, and only pages for people call ``translated``.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("ar", "de")
CATALOGUES = (ROOT / "idp", ROOT)

# Where sentences without a mark are, and the modules there whose sentences people only read on a
# terminal or in a log, in English.
ROOMS = ("domain", "dot", "services", "views")
TERMINAL = frozenset(
    {"canonical", "doctor", "doctor_finding", "ledger", "ledger_checkpoint", "purge_kind"}
)
# These name their own text themselves, so that makemessages finds it.
MARKS = frozenset({"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"})
# The first by its path: ``templates/idp`` is not meant.
IGNORED = ("idp/?*", "tests", "tools", "benchmarks", "docs", "var", "build", "dist", ".venv")

_SENTENCE = re.compile(r"[A-Z“%{].* .*[.?!]", re.DOTALL)
_MUTE = re.compile(r"[a-z].* .*[.?!]", re.DOTALL)
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def sentences() -> Iterator[tuple[Path, str]]:
    """Yield every sentence without a mark that people may read, with the file it is in."""
    for path in _modules():
        for text in sentences_of(path.read_text("utf-8")):
            yield path, text


def mute_sentences() -> Iterator[tuple[Path, str]]:
    """Yield what reads like a sentence and would be missed, because it begins in lower case."""
    for path in _modules():
        for text in _texts(path.read_text("utf-8")):
            if _MUTE.fullmatch(text):
                yield path, text


def sentences_of(source: str) -> Iterator[str]:
    """Yield the sentences of one module: text constants that are no docstring and not marked."""
    return (text for text in _texts(source) if _is_sentence(text))


def _modules() -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((ROOT / "idp" / room).rglob("*.py")):
            if path.stem not in TERMINAL:
                yield path


def _texts(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    known = {id(node) for node in _spoken_for(tree)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and id(node) not in known:
            yield text


def _spoken_for(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield docstrings, what is marked already, and the pieces of f-strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield from node.values
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKS:
            yield from node.args


def _is_sentence(value: str) -> bool:
    return _SENTENCE.fullmatch(value) is not None and (
        any(letter.isalpha() for letter in _PLACEHOLDER.sub("", value))
    )


def write_sentences(target: Path) -> None:
    """Write the sentences as marked Python, which makemessages reads."""
    texts = sorted({text for _, text in sentences()})
    lines = ["from django.utils.translation import gettext_noop", ""]
    target.write_text("\n".join(lines + [f"gettext_noop({text!r})" for text in texts]) + "\n")


def make(folder: Path) -> None:
    """Bring the catalogues of one folder up to date and compile them."""
    for language in LANGUAGES:
        (folder / "locale" / language / "LC_MESSAGES").mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "django",
        "makemessages",
        "--add-location=file",
        "--no-obsolete",
    ]
    command += [f"--locale={language}" for language in LANGUAGES]
    if folder == ROOT:
        command += [f"--ignore={name}" for name in IGNORED]
    environment = {key: value for key, value in os.environ.items() if "DJANGO" not in key}
    subprocess.run(command, cwd=folder, env=environment, check=True)
    for language in LANGUAGES:
        tidy(folder / "locale" / language / "LC_MESSAGES" / "django.po")


def tidy(path: Path) -> None:
    """Take out what changes without anybody's doing, and compile."""
    text = re.sub(r'"POT-Creation-Date: .*\n', "", path.read_text("utf-8"))
    path.write_text(text, "utf-8")
    subprocess.run(["msgfmt", "--check-format", "-o", path.with_suffix(".mo"), path], check=True)


def main() -> None:
    """Regenerate all catalogues."""
    passing = ROOT / "idp" / "reason_texts.py"
    try:
        write_sentences(passing)
        make(CATALOGUES[0])
    finally:
        passing.unlink(missing_ok=True)
    make(CATALOGUES[1])


if __name__ == "__main__":
    main()
