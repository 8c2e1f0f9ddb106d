"""Clients written in JavaScript: installed from a lock, and talked to in lines of JSON."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from project.environment import VAR_DIR

SOURCE = Path(__file__).with_name("node")
INSTALLED = VAR_DIR / "openid-client" / os.environ.get("PYTEST_XDIST_WORKER", "one")
"""A folder a process, so that two do not install into one."""
INSTALL_SECONDS = 180


def install() -> Path:
    """Return the folder with the scripts and their locked dependencies, installed once."""
    if shutil.which("npm") is None:
        pytest.fail("These tests need node and npm, 20 or later: https://nodejs.org", pytrace=False)
    INSTALLED.mkdir(parents=True, exist_ok=True)
    lock = (SOURCE / "package-lock.json").read_bytes()
    stamp = INSTALLED / "installed.json"
    if not stamp.exists() or stamp.read_bytes() != lock:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(SOURCE / name, INSTALLED / name)
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=INSTALLED,
            check=True,
            capture_output=True,
            timeout=INSTALL_SECONDS,
        )
        stamp.write_bytes(lock)
    for script in SOURCE.glob("*.js"):
        shutil.copy(script, INSTALLED / script.name)
    return INSTALLED


class Script:
    """A script that runs, talking in lines of JSON."""

    def __init__(self, folder: Path, name: str, order: dict[str, Any]) -> None:
        self.process = subprocess.Popen(
            ["node", name],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.write(json.dumps(order))

    def write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        line = self.process.stdout.readline()
        if not line:
            pytest.fail(self.process.stderr.read())
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
