from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from idp.domain import uri as syntax
from idp.domain.redirect_uri import match, match_wildcard
from tests.requirement import defect, requirement

VECTORS = Path(__file__).parent.parent / "vectors" / "redirect_uri_match.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text())

LABEL = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
PATH = st.from_regex(r"(/[a-z0-9._~\-]{0,6}){0,3}", fullmatch=True)
QUERY = st.none() | st.from_regex(
    r"([a-z]{1,3}=[a-z0-9]{0,3}(&[a-z]{1,3}=[0-9])?)?", fullmatch=True
)
PORT = st.none() | st.integers(1, 65535).map(str)


@st.composite
def uris(draw: st.DrawFn, *, loopback: bool = False) -> syntax.Parts:
    host = ".".join(draw(st.lists(LABEL, min_size=2, max_size=3)))
    if loopback:
        host = draw(st.sampled_from(["127.0.0.1", "[::1]"]))
    scheme = "http" if loopback else draw(st.sampled_from(["http", "https"]))
    return syntax.Parts(scheme, None, None, host, draw(PORT), draw(PATH), draw(QUERY), None)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_vector_is_decided_as_its_clause_says(case: dict[str, Any]) -> None:
    decided = match(
        case["requested"],
        case["registered"],
        loopback_port=case.get("loopback_port", False),
        localhost=case.get("localhost", False),
    )
    assert decided is case["match"], case["why"]


def test_the_vectors_are_many_distinct_and_each_names_its_clause() -> None:
    questions = {
        (c["requested"], c["registered"], c.get("loopback_port"), c.get("localhost")) for c in CASES
    }
    assert len(CASES) >= 200
    assert len(questions) == len({case["id"] for case in CASES}) == len(CASES)
    assert all(case["reference"] and case["why"] for case in CASES)


@given(parts=uris(), loopback_port=st.booleans(), localhost=st.booleans())
def test_a_uri_matches_itself(*, parts: syntax.Parts, loopback_port: bool, localhost: bool) -> None:
    text = parts.text()
    assert match(text, text, loopback_port=loopback_port, localhost=localhost)


@defect(18)
@requirement("RFC 6749 §3.1.2.3", "Every component but a loopback port must be the same.")
@given(
    uris() | uris(loopback=True),
    st.sampled_from(["scheme", "userinfo", "host", "path", "query", "fragment"]),
    st.text(max_size=8),
)
def test_changing_any_component_but_the_port_breaks_the_match(
    parts: syntax.Parts, component: str, value: str
) -> None:
    assume(value != getattr(parts, component))
    changed = replace(parts, **{component: value}).text()
    assume(changed != parts.text())
    assert not match(changed, parts.text(), loopback_port=True, localhost=True)


@given(uris(), PORT)
def test_changing_the_port_breaks_the_match_beyond_loopback(
    parts: syntax.Parts, port: str | None
) -> None:
    assume(port != parts.port)
    changed = replace(parts, port=port).text()
    assert not match(changed, parts.text(), loopback_port=True, localhost=True)


@requirement(
    "RFC 8252 §7.3",
    "The port of a loopback literal is free for native apps, and for nobody else.",
)
@given(uris(loopback=True), PORT)
def test_the_port_of_a_loopback_literal_is_free_where_granted_and_only_there(
    parts: syntax.Parts, port: str | None
) -> None:
    changed = replace(parts, port=port).text()
    assert match(changed, parts.text(), loopback_port=True)
    assert match(changed, parts.text()) is (port == parts.port)
    assert match(changed, parts.text(), localhost=True) is (port == parts.port)


@given(uris() | uris(loopback=True), st.integers(0, 60), st.characters())
def test_one_character_more_breaks_the_match_unless_it_is_a_digit_of_a_free_port(
    parts: syntax.Parts, place: int, character: str
) -> None:
    text = parts.text()
    longer = text[:place] + character + text[place:]
    if match(longer, text, loopback_port=True):
        assert replace(syntax.split(longer), port=None, authority=None) == replace(parts, port=None)
    assert not match(longer, text)


@given(one=st.text(), other=st.text(), loopback_port=st.booleans(), localhost=st.booleans())
def test_match_never_raises(*, one: str, other: str, loopback_port: bool, localhost: bool) -> None:
    decided = match(one, other, loopback_port=loopback_port, localhost=localhost)
    assert not decided or one == other


@pytest.mark.parametrize("text", ["https://a/" + "%41" * 333_333, "http://" + "[" * 1_000_000])
def test_a_megabyte_is_compared_in_a_moment(text: str) -> None:
    started = time.process_time()
    match(text + "x", text, loopback_port=True, localhost=True)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("requested", "fits"),
    [
        ("https://pr-1.app.example.com/cb", True),
        ("https://x.app.example.com/cb", True),
        ("https://app.example.com/cb", False),
        ("https://.app.example.com/cb", False),
        ("https://a.b.app.example.com/cb", False),
        ("https://evil.com/.app.example.com/cb", False),
        ("https://evil.com?.app.example.com/cb", False),
        ("https://evil.com#.app.example.com/cb", False),
        ("https://u@x.app.example.com/cb", False),
        ("https://X.app.example.com/cb", False),
        ("https://-x.app.example.com/cb", False),
        ("https://x_y.app.example.com/cb", False),
        ("https://x%2e.app.example.com/cb", False),
        ("https://*.app.example.com/cb", False),
        ("https://xapp.example.com/cb", False),
        ("https://x.app.example.com/cb/", False),
        ("https://x.app.example.com:443/cb", False),
        ("https://x.app.example.com/cb?y", False),
        ("http://x.app.example.com/cb", False),
        ("https://x.app.example.com/cb\n", False),
        ("", False),
    ],
)
def test_a_wildcard_stands_for_exactly_one_label(*, requested: str, fits: bool) -> None:
    assert match_wildcard(requested, "https://*.app.example.com/cb") is fits
    assert match(requested, "https://*.app.example.com/cb") is (
        requested == "https://*.app.example.com/cb"
    )


@pytest.mark.parametrize(
    "registered",
    [
        "https://app.example.com/cb",
        "http://*.example.com/cb",
        "https://*.*.example.com/cb",
        "*",
        "",
    ],
)
def test_nothing_fits_a_wildcard_that_is_none(registered: str) -> None:
    assert not match_wildcard("https://app.example.com/cb", registered)
    assert not match_wildcard(registered, registered)
