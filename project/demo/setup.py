"""Makes the demo: people, photos, and the clients of ``demo.toml`` at the address of this start."""

from __future__ import annotations

import io
import os
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any, TextIO

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from idp.conf import idp_settings
from idp.domain.outbound import Target, judge
from idp.models import Api
from idp.services.catalogue import bump_catalogue
from idp.services.client_secret_value import generate
from project.demo import file
from project.demo.content import OPERATOR, USERS, ensure_person

CONTENT = Path(__file__).with_name("demo.toml")


def create(base_url: str, stdout: TextIO) -> None:
    """Make what is missing, bring clients to this address, and say where to click.

    Passwords, secrets and whatever was done with the demo stay as they are.

    Args:
        base_url: origin under which the site is served, without a slash at the end.
        stdout: where the closing lines go.
    """
    before = file.read()
    now = timezone.now()
    passwords = _passwords(before)
    found = {
        person.username: ensure_person(person, passwords, now) for person in (OPERATOR, *USERS)
    }
    hears = _hears_of_sign_outs(base_url)
    text = Template(CONTENT.read_text(encoding="utf-8")).substitute(
        BASE_URL=base_url,
        ISSUER=f"{base_url}/o",
        LOGOUT_URI=f"{base_url}/demo/web/signed-out/" if hears else "",
        HEARS=str(hears).lower(),
    )
    _move_apis(before.get("base_url", base_url), base_url)
    clients = _clients(tomllib.loads(text)["clients"], before)
    _apply(text, {row["env"]: row["client_secret"] for row in clients if "env" in row})
    content = {
        "base_url": base_url,
        "operator": {"username": OPERATOR.username, "password": found[OPERATOR.username]},
        "users": [
            {"username": person.username, "password": found[person.username]} for person in USERS
        ],
        "clients": [{k: v for k, v in row.items() if k != "env"} for row in clients],
    }
    file.write(content)
    stdout.write(closing_lines(content))


def closing_lines(content: Mapping[str, Any]) -> str:
    """Return where to click and under which names."""
    base, operator, users = content["base_url"], content["operator"], content["users"]
    names = " or ".join(f"{user['username']} / {user['password']}" for user in users)
    return "\n".join(
        (
            f"End user   {base}/demo/web/  choose Connect, sign in as {names}",
            f"           {base}/demo/spa/  the same without a server; {base}/account/apps/ takes "
            "access back",
            f"Operator   {base}/admin/  as {operator['username']} / {operator['password']}",
            f"Developer  {base}/api/docs/  and {base}/o/.well-known/openid-configuration",
            f"           {base}/mcp  for assistants, which register themselves",
            "           .venv/bin/python -m project.demo.service  fetches a report as a service",
            "           .venv/bin/python -m project.demo.tv  asks to be let in as a TV does",
            "",
        )
    )


def _hears_of_sign_outs(base_url: str) -> bool:
    """Return whether the site may ask itself, which its guard of outgoing requests decides."""
    return isinstance(judge(base_url, idp_settings.outbound_allowed_hosts), Target)


def _passwords(before: Mapping[str, Any]) -> dict[str, str]:
    people = [*before.get("users", ())]
    if "operator" in before:
        people.append(before["operator"])
    return {row["username"]: row["password"] for row in people}


def _clients(entries: list[dict[str, Any]], before: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the file keeps of each client, with the secret of an earlier start."""
    kept = {row["client_id"]: row.get("client_secret") for row in before.get("clients", ())}
    rows = []
    for entry in entries:
        row = {"client_id": entry["client_id"]}
        if entry.get("secrets"):
            row["client_secret"] = kept.get(entry["client_id"]) or generate()
            row["env"] = entry["secrets"][0]["env"]
        row |= {"kind": entry["kind"], "redirect_uris": entry.get("redirect_uris", [])}
        rows.append(row)
    return rows


@transaction.atomic
def _move_apis(old: str, new: str) -> None:
    """Give the demo's APIs their new addresses, so that scopes and consents stay theirs."""
    if old == new:
        return
    for path in ("/o", "/api", "/mcp"):
        if not Api.objects.filter(identifier=new + path).exists():
            Api.objects.filter(identifier=old + path).update(identifier=new + path)
    bump_catalogue()


def _apply(text: str, secrets: Mapping[str, str]) -> None:
    """Bring the site to what the file says.

    Raises:
        RuntimeError: the file is refused; the message is what the command said.
    """
    said = io.StringIO()
    with _environment(secrets), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / CONTENT.name
        path.write_text(text, encoding="utf-8")
        try:
            call_command("idp", "apply", str(path), stdout=said, stderr=said)
        except SystemExit as end:
            if end.code:
                raise RuntimeError(said.getvalue()) from None


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Let the environment hold secrets for as long as they are read from it."""
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            os.environ.pop(name, None)
