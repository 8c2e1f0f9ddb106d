"""Fills a host site with the life of years, through the toolkit's own endpoints, without ``idp``.

``python -m tests.dropin.hosts.populate FACTS.json`` migrates, and writes down what clients hold.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import django

PASSWORD = "correct horse battery staple"


def main(path: str) -> None:
    """Migrate, fill and write the facts."""
    django.setup()
    # The toolkit warns about every old practice; an old site is full of them.
    warnings.simplefilter("ignore")
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    Path(path).write_text(json.dumps(populated()), encoding="utf-8")


def populated() -> dict[str, Any]:
    """Return what clients and people know: ids, secrets, tokens, a code that nobody redeemed."""
    from django.contrib.auth import get_user_model
    from django.test import Client as Browser

    users = get_user_model()._default_manager
    ada = users.create_user("ada", password=PASSWORD)
    users.create_superuser("root", password=PASSWORD)
    clients = _clients(ada)
    browser = Browser()
    browser.force_login(ada)
    kept = _service_and_password(clients) | _implicit(browser, clients["implicit"])
    for name in ("web", "plain", "trusted", "spa"):
        kept[name] = _tokens(browser, clients[name], pkce=name == "spa")
    return {
        "clients": clients,
        "tokens": kept,
        "code": _code(browser, clients["web"], scope="read write openid", nonce="n-9"),
        "jwks": Browser().get("/o/.well-known/jwks.json").json(),
        "issuer": Browser().get("/o/.well-known/openid-configuration").json()["issuer"],
    }


def _clients(owner: Any) -> dict[str, dict[str, str]]:
    kinds: dict[str, dict[str, Any]] = {
        "web": {},
        "plain": {"hash_client_secret": False},
        "trusted": {"skip_authorization": True},
        "spa": {"client_type": "public"},
        "implicit": {"client_type": "public", "authorization_grant_type": "implicit"},
        "password": {"authorization_grant_type": "password"},
        "service": {"authorization_grant_type": "client-credentials", "redirect_uris": ""},
    }
    return {name: _client(name, owner, fields) for name, fields in kinds.items()}


def _client(name: str, owner: Any, changes: dict[str, Any]) -> dict[str, str]:
    from oauth2_provider.models import get_application_model

    from tests.dropin.hosts.flow import CALLBACK

    secret = f"secret-of-{name}-0123456789"
    fields = {
        "name": name.capitalize(),
        "user": owner,
        "client_type": "confidential",
        "authorization_grant_type": "authorization-code",
        "redirect_uris": CALLBACK,
        "algorithm": "RS256",
        "client_secret": secret,
        **changes,
    }
    row = get_application_model()._default_manager.create(**fields)
    known = secret if fields["client_type"] == "confidential" else ""
    return {"client_id": row.client_id, "secret": known}


def _code(browser: Any, client: dict[str, str], **changes: Any) -> str:
    from tests.dropin.hosts import flow

    url = flow.request_url(client, **changes)
    answer = flow.parameters(flow.allow(browser, browser.get(url), url))
    if "code" not in answer:
        raise RuntimeError(answer)
    return answer["code"]


def _tokens(browser: Any, client: dict[str, str], *, pkce: bool) -> dict[str, Any]:
    from tests.dropin.hosts import flow

    code = _code(browser, client, pkce=pkce, scope="read openid" if pkce else "read write openid")
    return _answer(flow.exchange(client, code, pkce=pkce))


def _service_and_password(clients: dict[str, dict[str, str]]) -> dict[str, Any]:
    from tests.dropin.hosts import flow

    fields = {"grant_type": "client_credentials", "scope": "read"}
    person = {"grant_type": "password", "username": "ada", "password": PASSWORD}
    return {
        "service": _answer(flow.post("/o/token/", fields, **flow.basic(clients["service"]))),
        "password": _answer(flow.post("/o/token/", person, **flow.basic(clients["password"]))),
    }


def _implicit(browser: Any, client: dict[str, str]) -> dict[str, Any]:
    from tests.dropin.hosts import flow

    url = flow.request_url(client, response_type="token", scope="read")
    return {"implicit": flow.parameters(flow.allow(browser, browser.get(url), url))}


def _answer(response: Any) -> dict[str, Any]:
    if response.status_code != 200:
        raise RuntimeError(response.content.decode())
    answer: dict[str, Any] = response.json()
    return answer


if __name__ == "__main__":
    main(sys.argv[1])
