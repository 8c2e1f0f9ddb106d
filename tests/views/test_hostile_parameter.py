"""No parameter, body, path or method that anybody can send gives an internal error, anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser

from idp.models import Consent
from tests.factories import make_application, make_scope, make_user
from tests.requirement import defect, requirement
from tests.views.flow import Flow, form_fields
from tests.views.hostile import (
    BODIES,
    METHODS,
    STEMS,
    TAILS,
    Place,
    events,
    faults_of,
    is_refusal,
    places,
)

# Where texts are stricter and numbers are smaller than on SQLite.
pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@dataclass
class World:
    """A client with live tokens, and a signed-in operator's browser in front of it."""

    application: Any
    browser: Browser
    places: list[Place]

    def each(self, *first: str) -> Iterator[Place]:
        """Give each place whose name begins so, with everything as it was in the beginning."""
        cookies = self.browser.cookies.copy()
        for place in [place for place in self.places if place.name.startswith(first or "")]:
            with transaction.atomic():
                yield place
                transaction.set_rollback(True)
            self.browser.cookies = cookies.copy()

    def faults(self, place: Place, response: Any) -> list[str]:
        return faults_of(response, place, self.application.redirect_uris)


@pytest.fixture
def world() -> World:
    make_scope("photos:read")
    application = make_application(
        "web",
        scopes=("openid", "photos:read"),
        grant_types=["authorization_code", "refresh_token", "client_credentials"],
        post_logout_redirect_uris="https://client.example.com/callback",
    )
    ada = make_user("ada", is_staff=True, is_superuser=True)
    flow = Flow(application, ada, Browser(raise_request_exception=True))
    tokens = flow.tokens("openid photos:read")
    page = flow.start("openid photos:read", prompt="consent")
    nonce = form_fields(page.content.decode())["nonce"][0]
    app_id = Consent.objects.get().public_id
    return World(application, flow.browser, places(application, tokens, nonce, app_id))


@defect(16)
def test_no_parameter_breaks_the_authorization_endpoint_and_each_refusal_is_recorded(
    world: World,
) -> None:
    wrong = []
    for place in world.each("authorize"):
        for what, raw in place.attacks():
            before = events()
            response = place.send(world.browser, raw)
            found = world.faults(place, response)
            if is_refusal(response) and events() == before:
                found.append("nothing recorded")
            wrong += [f"{place}: {what}: {fault}" for fault in found]
    assert wrong == []


@defect(16)
@defect(19)
@requirement("RFC 6749 §5.1", "Answers of back channels are kept by nobody.")
@pytest.mark.parametrize(
    "area", [("token", "r", "i", "userinfo"), ("logout", "d", "a", "c", "s", "p")]
)
def test_no_parameter_breaks_anything_else(world: World, area: tuple[str, ...]) -> None:
    wrong = []
    for place in world.each(*area):
        if place.name.startswith("authorize "):
            continue
        for what, raw in place.attacks():
            found = world.faults(place, place.send(world.browser, raw))
            wrong += [f"{place}: {what}: {fault}" for fault in found]
    assert wrong == []


@defect(16)
def test_no_body_breaks_anything(world: World) -> None:
    wrong = []
    for place in world.each():
        for what, (content_type, body) in BODIES.items():
            response = world.browser.generic(
                "POST", place.path, body, content_type, **place.headers
            )
            wrong += [f"{place}: {what}: {fault}" for fault in world.faults(place, response)]
    assert wrong == []


def test_no_method_breaks_anything(world: World) -> None:
    wrong = []
    for place in world.each():
        for method in METHODS:
            response = world.browser.generic(method, place.path, b"", **place.headers)
            wrong += [f"{place}: {method}: {fault}" for fault in world.faults(place, response)]
    assert wrong == []


def test_no_path_breaks_anything(world: World) -> None:
    wrong, visits = [], [("GET", world.browser), ("POST", world.browser), ("GET", Browser())]
    for stem in STEMS:
        for tail in TAILS:
            for method, browser in visits:
                response = browser.generic(method, f"{stem}{tail}")
                found = world.faults(Place("path", stem, method), response)
                wrong += [f"{method} {stem}{tail[:20]}: {fault}" for fault in found]
    assert wrong == []
