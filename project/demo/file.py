"""``var/demo.json``: names, passwords and clients, for people and for the demo clients."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from project.environment import VAR_DIR


@dataclass(frozen=True, slots=True)
class Registration:
    """What a demo client knows of itself.

    Attributes:
        client_id: its identifier.
        client_secret: its secret; empty for a public client.
        kind: what it is.
        redirect_uris: where it is sent back to.
        base_url: origin of provider and API.
    """

    client_id: str
    client_secret: str
    kind: str
    redirect_uris: tuple[str, ...]
    base_url: str

    @property
    def issuer(self) -> str:
        """Return the provider's issuer, which discovery starts from."""
        return f"{self.base_url}/o"


def path() -> Path:
    """Return where the file is; the setting ``DEMO_FILE`` may name another place."""
    return Path(getattr(settings, "DEMO_FILE", VAR_DIR / "demo.json"))


def read() -> dict[str, Any]:
    """Return what the file says; nothing when there is none."""
    try:
        found: dict[str, Any] = json.loads(path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def write(content: dict[str, Any]) -> None:
    """Replace the file as a whole; only its owner may read it."""
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    draft.replace(target)


def registration(client_id: str) -> Registration | None:
    """Return what the file says of a demo client, or None where there is no demo."""
    content = read()
    for row in content.get("clients", ()):
        if row["client_id"] == client_id:
            return Registration(
                client_id=client_id,
                client_secret=row.get("client_secret", ""),
                kind=row["kind"],
                redirect_uris=tuple(row["redirect_uris"]),
                base_url=content["base_url"],
            )
    return None
