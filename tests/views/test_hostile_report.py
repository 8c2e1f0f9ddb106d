"""A site that only reports is as hard to break as one that refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client as Browser

from idp.services.site import set_mode
from tests.factories import make_application
from tests.views.hostile import Place, faults_of
from tests.views.test_hostile_parameter import World, world
from tests.views.test_redirect_uri_http import VECTORS, ask, encoded, register

__all__ = ["world"]

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture(autouse=True)
def _reporting() -> None:
    set_mode("report")


@pytest.mark.parametrize(
    ("response_type", "method"), [("code", "POST"), ("token", "GET"), ("nonsense", "POST")]
)
def test_no_parameter_breaks_what_is_left_to_the_toolkit(
    world: World, response_type: str, method: str
) -> None:
    wrong = []
    for place in world.each("authorize"):
        if (place.path, place.method) != ("/o/authorize/", method):
            continue
        parameters = {**place.parameters, "response_type": response_type}
        old = Place(place.name, place.path, place.method, parameters)
        for what, raw in old.attacks():
            found = world.faults(old, old.send(world.browser, raw))
            wrong += [f"{old}: {what}: {fault}" for fault in found]
    assert wrong == []


def test_no_redirect_uri_breaks_anything_whatever_is_registered() -> None:
    application = make_application("web", scopes=("openid",))
    cases: list[dict[str, Any]] = json.loads((VECTORS / "redirect_uri_match.json").read_text())
    place, wrong = Place("authorize", "/o/authorize/"), []
    for case in cases:
        if not register(application, case["registered"]):
            continue
        response = ask(application, encoded(case["requested"]))
        found = faults_of(response, place, case["requested"].partition("?")[0])
        if case["match"] and not case.get("localhost") and response.status_code == 400:
            found.append("refused although it matches")
        wrong += [f"{case['id']}: {fault}" for fault in found if "redirect to" not in fault]
    assert wrong == []


def test_what_the_client_says_of_itself_breaks_nothing(world: World) -> None:
    wrong = []
    for place in world.each("token", "revoke", "introspect", "userinfo", "logout"):
        for what, raw in place.attacks():
            found = world.faults(place, place.send(Browser(), raw))
            wrong += [f"{place}: {what}: {fault}" for fault in found]
    assert wrong == []
