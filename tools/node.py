"""Makes sure that there is a Node.js for the client that is written in JavaScript."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

REMEDY = (
    "The tests with openid-client need node 20 or later and npm. Install them with "
    "`apt-get install nodejs npm`, or from https://nodejs.org"
)


def is_there() -> bool:
    """Return whether node and npm can be called."""
    return all(shutil.which(name) for name in ("node", "npm"))


def install() -> None:
    """Install both from the system's packages, where that is possible."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nodejs", "npm"],
        check=False,
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def main() -> int:
    """Make sure that there is one, or say what to do."""
    if not is_there():
        install()
    if is_there():
        return 0
    print(REMEDY, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
