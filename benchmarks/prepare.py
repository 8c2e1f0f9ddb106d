"""Run within a site: migrates it, makes what the load needs, and counts statements."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from queue import SimpleQueue
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command

from benchmarks.endpoint import ENDPOINTS, Call, Stock

BOUNDARIES = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT")
COUNTED = 4
"""Codes of each client that counting uses up."""


def count_statements(stock: Stock) -> dict[str, int]:
    """Return key of an endpoint to the statements that a request costs once all is warm."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    browser = Client(SERVER_NAME="127.0.0.1")

    def send(call: Call) -> bytes:
        kind = call.headers.get("Content-Type", "text/plain")
        headers = {name: text for name, text in call.headers.items() if name == "Authorization"}
        response = browser.generic(
            call.method, call.path, call.body, content_type=kind, headers=headers
        )
        if response.status_code != 200:
            raise RuntimeError(f"{call.path}: {response.status_code} {response.content[:500]!r}")
        return bytes(response.content)

    for client in stock.codes:
        body = send(stock.exchange(client))
        stock.keep(client, body)
        if client == "web":
            stock.access_token = json.loads(body)["access_token"]
    # A refresh would end the access token; another chain is refreshed.
    stock.refresh_tokens["web"].get_nowait()
    stock.keep("web", send(stock.exchange("web")))
    counts = {}
    for endpoint in ENDPOINTS:
        if not endpoint.consumes:
            endpoint.keep(stock, send(endpoint.call(stock)))
        with CaptureQueriesContext(connection) as captured:
            endpoint.keep(stock, send(endpoint.call(stock)))
        found = [query["sql"] for query in captured.captured_queries]
        counts[endpoint.key] = sum(not sql.startswith(BOUNDARIES) for sql in found)
    return counts


def main(codes: int) -> dict[str, Any]:
    """Return clients, codes and statement counts of the site that the settings name."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    package = os.environ["DJANGO_SETTINGS_MODULE"].rpartition(".")[0]
    made = importlib.import_module(f"{package}.seed").seed(codes + COUNTED)
    stock = Stock({name: tuple(pair) for name, pair in made["clients"].items()})
    for client, texts in made["codes"].items():
        stock.codes[client] = SimpleQueue()
        for _number in range(COUNTED):
            stock.codes[client].put(texts.pop())
    return {**made, "statements": count_statements(stock)}


if __name__ == "__main__":
    django.setup()
    with contextlib.redirect_stdout(sys.stderr):
        answer = main(int(sys.argv[1]))
    sys.stdout.write(json.dumps(answer))
