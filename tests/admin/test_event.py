"""Events: each kind says what happened and what to do."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import SimpleNamespace

from django.test import Client
from django.utils.html import escape

import idp
from idp.admin.event_meaning import MEANINGS
from idp.dot.gate import Endpoint
from idp.models import SecurityEvent
from idp.services.event import record_event
from tests.admin.conftest import page

ROOT = Path(idp.__file__).parent
KIND = re.compile(r"[a-z_]+\.[a-z_]+")
RECORDERS = {"record_event", "record_losses", "record_change", "_record", "_tell", "error_page"}
# Kinds whose names are put together where they are recorded.
PUT_TOGETHER = {
    *(f"{name}.{done}" for name in ("api", "policy", "scope") for done in ("changed", "deleted")),
    *(f"{e}.refused" for e in ("pushed_authorization", "device_authorization", "revocation")),
    "client.scope_approved",
    "client.scope_refused",
}


def recorded() -> set[str]:
    """Every kind that the code records, as it is written there."""
    found = set(PUT_TOGETHER)
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "id", None) or getattr(
                getattr(node, "func", None), "attr", None
            )
            if isinstance(node, ast.Call) and name in RECORDERS:
                named = [word.value for word in node.keywords if word.arg == "event"]
                for part in [*node.args, *named]:
                    found |= {text for text in constants(part) if KIND.fullmatch(text)}
    return found - {"client.scope_"}


def constants(node: ast.AST) -> set[str]:
    values = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
    return {value for value in values if isinstance(value, str)}


def test_every_kind_that_is_recorded_says_what_happened_and_what_to_do() -> None:
    assert recorded() == set(MEANINGS)
    assert {"pushed_authorization", "device_authorization", "revocation"} <= set(Endpoint)


def test_the_page_of_an_event_says_what_to_do_and_leads_on(
    desk: Client, house: SimpleNamespace
) -> None:
    record_event(
        "token.replayed",
        client_id="photo-print",
        user=house.user,
        detail={"authorization": str(house.authorization.pk)},
    )
    event = SecurityEvent.objects.get(kind="token.replayed")

    shown = desk.get(page("idp_securityevent_change", event.pk)).text

    assert escape(str(MEANINGS["token.replayed"].what)) in shown
    assert escape(str(MEANINGS["token.replayed"].remedy)) in shown
    assert page("idp_authorization_change", house.authorization.pk) in shown
    assert f"user={house.user.pk}" in shown


def test_an_event_of_another_version_still_has_a_page(desk: Client, house: SimpleNamespace) -> None:
    record_event("of.tomorrow")
    event = SecurityEvent.objects.get(kind="of.tomorrow")

    assert "another version" in desk.get(page("idp_securityevent_change", event.pk)).text
