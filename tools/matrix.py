"""Runs the tests that need no browser on the oldest and newest Python and Django that are here."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MATRIX = ROOT / "var" / "matrix"
LOCK = ROOT / "requirements" / "test.txt"
OLDEST = (3, 11)
NEWEST_TRIED = 20
THOROUGHLY = {**os.environ, "IDP_TEST_THOROUGH": "1"}
SELECTION = "not browser and not packaging"
DATABASE_ALONE = ("-m", SELECTION, "--ignore", "tests/domain")
"""The pure rules know no database; once is enough."""


@dataclass(frozen=True, order=True)
class Interpreter:
    """A Python of this machine."""

    version: tuple[int, int, int]
    path: Path

    def __str__(self) -> str:
        return f"Python {'.'.join(map(str, self.version))}"


def interpreters() -> list[Interpreter]:
    """Return the Pythons that the project supports, oldest first, one a minor version."""
    minors = range(OLDEST[1], NEWEST_TRIED)
    names = [f"python3.{minor}" for minor in minors] + ["python3", "python"]
    candidates = [Path(found) for found in map(shutil.which, names) if found]
    candidates.append(Path(sys.executable))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += sorted(pyenv.glob("versions/*/bin/python"))
    newest: dict[tuple[int, int], Interpreter] = {}
    for path in candidates:
        version = _version(path)
        if version and version[:2] >= OLDEST:
            minor = version[:2]
            one = Interpreter(version, path)
            newest[minor] = max(newest.get(minor, one), one)
    return sorted(newest.values())


def _version(path: Path) -> tuple[int, int, int] | None:
    ask = "import sys, sqlite3, ssl; print(*sys.version_info[:3])"
    try:
        done = subprocess.run(
            [path, "-c", ask], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor, micro = map(int, done.stdout.split())
    return major, minor, micro


def environment(interpreter: Interpreter) -> Path:
    """Return the Python of an environment with the locked requirements, made when it is missing."""
    major, minor, _micro = interpreter.version
    folder = MATRIX / f"python{major}.{minor}"
    python = folder / "bin" / "python"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    stamp = folder / "lock.sha256"
    if not (stamp.is_file() and stamp.read_text() == digest):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([interpreter.path, "-m", "venv", folder], check=True)
        install = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([python, "-m", "pip", *install, "-r", LOCK], check=True)
        stamp.write_text(digest)
    return python


def run(interpreter: Interpreter) -> tuple[str, bool]:
    """Run the tests on SQLite and PostgreSQL; return what ran, and whether all passed."""
    python = environment(interpreter)
    django = subprocess.run(
        [python, "-c", "import django; print(django.get_version())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    name = f"{interpreter}, Django {django}"
    pytest: list[str | Path] = [python, "-m", "pytest", "-n", "2", "-q", "-p", "no:cacheprovider"]
    passed = True
    parts: dict[str, list[str | Path]] = {
        "SQLite": [*pytest, "-m", f"{SELECTION} and not postgres"],
        "PostgreSQL": [python, "-m", "tests.postgres", *pytest, *DATABASE_ALONE],
    }
    for part, command in parts.items():
        print(f"== {name}, {part}", flush=True)
        done = subprocess.run(command, check=False, cwd=ROOT, env=THOROUGHLY)
        passed &= done.returncode == 0
    return name, passed


def main() -> int:
    """Run the oldest and the newest, and say which Pythons were found."""
    found = interpreters()
    print("Found:", ", ".join(map(str, found)) or "no Python 3.11 or later", flush=True)
    chosen = sorted({found[0], found[-1]}) if found else []
    results = [run(interpreter) for interpreter in chosen]
    print()
    for name, passed in results:
        print(f"{'passed' if passed else 'FAILED'}  {name}")
    if len(results) < 2:
        print("One Python only: the matrix says little. Put another on PATH, or into pyenv.")
    return 0 if results and all(passed for _name, passed in results) else 1


if __name__ == "__main__":
    sys.exit(main())
