"""Requests that nobody thought of, made by Hypothesis: no address of the provider ever fails.

The examples are the same in every run; ``IDP_FUZZ_EXAMPLES=5000`` looks for others, as many.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.views.hostile import ANYWHERE, AUTHORIZATIONS, BODIES, METHODS, SPECIAL, Place
from tests.views.test_hostile_parameter import World, world

__all__ = ["world"]

pytestmark = pytest.mark.django_db

CHOSEN = os.environ.get("IDP_FUZZ_EXAMPLES")
FUZZED = settings(
    max_examples=int(CHOSEN or 120),
    derandomize=CHOSEN is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TEXT = st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
VALUE = st.one_of(
    TEXT,
    st.binary(max_size=60),
    st.integers(-(2**70), 2**70).map(lambda number: str(number).encode()),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
        max_leaves=8,
    ).map(lambda value: repr(value).replace("'", '"').encode("utf-8", "surrogatepass")),
)
"""Bytes of a value, before they are encoded for a form."""


def encoded(raw: bytes) -> bytes:
    return quote_from_bytes(raw, safe="").encode()


def values(name: str) -> st.SearchStrategy[bytes]:
    """Return encoded values for a parameter: generated ones, and those that once did harm."""
    known = [*ANYWHERE.values(), *SPECIAL.get(name, {}).values()]
    return st.one_of(VALUE.map(encoded), st.sampled_from(sorted(known, key=len)[:-2]))


@st.composite
def submissions(draw: Callable[..., Any], place: Place) -> bytes:
    """Return a good request's parameters with some replaced, repeated, left out or made up."""
    names = [*place.parameters, *draw(st.lists(st.text(max_size=12), max_size=2))]
    changed = draw(st.sets(st.sampled_from(names), max_size=4)) if names else set()
    pairs: list[bytes] = []
    for name in names:
        key = encoded(name.encode("utf-8", "surrogatepass"))
        if name not in changed:
            pairs.append(key + b"=" + encoded(place.parameters.get(name, "").encode()))
            continue
        found = draw(st.lists(values(name), max_size=2))
        pairs += [key + b"=" + value for value in found]
    return b"&".join(draw(st.permutations(pairs)) if draw(st.booleans()) else pairs)


def fuzz(world: World, places: Sequence[Place], send: Callable[..., Any]) -> None:
    """Send what is generated, each time to the world as it was in the beginning."""
    cookies = world.browser.cookies.copy()

    @FUZZED
    @given(place=st.sampled_from(places), data=st.data())
    def attempt(place: Place, data: Any) -> None:
        world.browser.cookies = cookies.copy()
        with transaction.atomic():
            response = send(place, data.draw)
            transaction.set_rollback(True)
        assert world.faults(place, response) == []

    attempt()


@pytest.mark.parametrize("start", ["authorize", ""], ids=["authorization", "anywhere"])
def test_no_parameters_that_are_generated_break_anything(world: World, start: str) -> None:
    places = [place for place in world.places if place.name.startswith(start)]
    fuzz(world, places, lambda place, draw: place.send(world.browser, draw(submissions(place))))


def test_no_request_that_is_generated_breaks_anything(world: World) -> None:
    media = st.sampled_from([kind for kind, _body in BODIES.values()])

    def send(place: Place, draw: Callable[..., Any]) -> Any:
        method = draw(st.sampled_from(["GET", "POST", *METHODS]))
        body = draw(st.binary(max_size=200) | submissions(place))
        headers = {**place.headers, "HTTP_AUTHORIZATION": draw(st.sampled_from(AUTHORIZATIONS))}
        query = draw(VALUE.map(encoded))
        return world.browser.generic(
            method, place.path, body, draw(media), QUERY_STRING=query.decode(), **headers
        )

    fuzz(world, world.places, send)
