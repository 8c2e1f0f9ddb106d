"""Prepares the site with demo content in ``var/`` and serves it until Ctrl-C."""

from __future__ import annotations

import argparse
import io
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from project.environment import VAR_DIR, local_secret_key

LOG = VAR_DIR / "demo.log"
STARTS_WITHIN = 30
"""Seconds."""


def environment(host: str, port: int, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the demo: a production site on a loopback address.

    What the caller's environment says is kept, but for the debug mode and the address.
    """
    name = "127.0.0.1" if host in {"0.0.0.0", "::", "[::]"} else host  # noqa: S104 - not bound
    authority = f"[{name}]:{port}" if ":" in name.strip("[]") else f"{name}:{port}"
    hosts = dict.fromkeys([name, "127.0.0.1", "localhost", "[::1]"])
    defaults = {
        "ALLOWED_HOSTS": ",".join(hosts),
        "DATABASE_URL": f"sqlite:///{VAR_DIR}/demo.sqlite3",
        "EMAIL_URL": "console://",
        "IDP_OPEN_REGISTRATION": "1",
        "IDP_OUTBOUND_ALLOWED_HOSTS": authority,
        "SECRET_KEY": local_secret_key(),
        "SITE_NAME": "Reference site",
    }
    kept = {key: text for key, text in environ.items() if text and key != "DEBUG"}
    return defaults | kept | {"IDP_ISSUER": f"http://{authority}/o"}


def is_free(host: str, port: int) -> bool:
    """Return whether the address can be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError:
            return False
    return True


def prepare() -> str:
    """Migrate, collect static files and create what is missing; return the closing lines."""
    import django
    from django.core.management import call_command

    django.setup()
    logging.getLogger().setLevel(logging.WARNING)
    sys.stdout.write("Preparing the database, the static files and the demo content ...\n")
    sys.stdout.flush()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    closing_lines = io.StringIO()
    base_url = os.environ["IDP_ISSUER"].removesuffix("/o")
    call_command("idp", "demo", "--base-url", base_url, stdout=closing_lines)
    return closing_lines.getvalue()


def serve(host: str, port: int) -> subprocess.Popen[bytes]:
    """Start the server; it writes to the log alone, so that the closing lines stay in sight."""
    granian = Path(sys.executable).with_name("granian")
    return subprocess.Popen(
        [
            granian,
            *("--interface", "wsgi", "--host", host.strip("[]"), "--port", str(port)),
            *("--workers", "1", "--blocking-threads", "8", "--no-ws", "--no-log"),
            *("--workers-kill-timeout", "5"),
            "project.wsgi:application",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=LOG.open("ab"),
    )


def deliver() -> subprocess.Popen[bytes]:
    """Start the worker that tells clients of ended sessions; its words go to the log."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "idp", "logout", "deliver", "--watch"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=LOG.open("ab"),
    )


def is_ready(server: subprocess.Popen[bytes]) -> bool:
    """Wait until the site can work; return False when it ends or takes too long."""
    url = os.environ["IDP_ISSUER"].removesuffix("/o") + "/readyz"
    deadline = time.monotonic() + STARTS_WITHIN
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def main() -> int:
    """Prepare, serve, and say where to click."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    host, port = arguments.host, arguments.port
    if not is_free(host, port):
        sys.stderr.write(f"{host}:{port} is in use. Try PORT={port + 1} make demo\n")
        return 1
    os.environ.update(environment(host, port, os.environ))
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
    os.environ.pop("DEBUG", None)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started: list[subprocess.Popen[bytes]] = []
    try:
        closing_lines = prepare()
        server = serve(host, port)
        started.append(server)
        if not is_ready(server):
            sys.stderr.write(f"The site does not start; see {LOG}\n")
            return 1
        started.append(deliver())
        sys.stdout.write(f"{closing_lines}\nCtrl-C stops it. Log: var/{LOG.name}\n")
        sys.stdout.flush()
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        stop(started)


def stop(started: Sequence[subprocess.Popen[bytes]]) -> None:
    """End what was started, which a Ctrl-C of the terminal may have told already."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running = [process for process in started if process.poll() is None]
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


if __name__ == "__main__":
    sys.exit(main())
