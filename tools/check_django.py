"""Django's own checks: every change of a model has its migration, and production is safe."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def manage(*arguments: str, environment: dict[str, str]) -> int:
    """Run a management command in a process of its own and return its exit status."""
    inherited = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        check=False,
        cwd=ROOT,
        env=inherited | environment,
    ).returncode


def main() -> int:
    """Run the checks; return 0 when none has a finding."""
    with tempfile.TemporaryDirectory() as folder:
        production = {
            "ALLOWED_HOSTS": "id.example.com",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "IDP_ISSUER": "https://id.example.com/o",
            "SECRET_KEY": secrets.token_urlsafe(64),
        }
        # Some checks read tables, as describing the API does.
        manage("migrate", "--verbosity", "0", environment=production)
        findings = [
            manage("check", "--deploy", "--fail-level", "WARNING", environment=production),
            manage("makemigrations", "--check", "--dry-run", environment=production),
        ]
    return 1 if any(findings) else 0


if __name__ == "__main__":
    sys.exit(main())
