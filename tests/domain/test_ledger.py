"""The chain: any altered, removed, inserted or reordered event is found, and where."""

from __future__ import annotations

import hashlib
import tracemalloc
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from idp.domain.ledger import GENESIS, Broken, Head, Link, digest, verify

ALTERED, REMOVED, INSERTED, REORDERED = "altered", "removed", "inserted", "reordered"
LENGTH = 6


def chained(subject, contents, start=1, previous=GENESIS):
    for sequence, content in enumerate(contents, start):
        event = {"subject": subject, "sequence": sequence, **content}
        link = Link(event, previous, digest(event, previous))
        previous = link.digest
        yield link


def chain(subject="a", length=LENGTH):
    return list(chained(subject, ({"scopes": ["read"], "at": n} for n in range(length))))


def changed(link, **content):
    return replace(link, content={**link.content, **content})


def resealed(link):
    return replace(link, digest=digest(link.content, link.previous))


def check(links, *heads, after=None):
    return [(b.subject, b.sequence, b.reason) for b in verify(links, heads, after=after)]


GOOD = chain()
HEAD = Head("a", LENGTH, GOOD[-1].digest)
PLACES = st.integers(0, LENGTH - 1)


def test_the_digest_covers_the_content_and_the_digest_before():
    text = b'{"event":{"sequence":1,"subject":"a"},"previous":""}'
    assert digest({"subject": "a", "sequence": 1}, GENESIS) == hashlib.sha256(text).hexdigest()


def test_a_good_ledger_verifies():
    found = verify([*chain("a"), *chain("b", 1), *chain("c", 3)], [HEAD])
    assert list(found) == []
    assert (found.count, found.chains, found.broken) == (LENGTH + 4, 3, 0)


def test_an_empty_ledger_verifies():
    assert check([]) == []


@given(PLACES)
def test_an_altered_content_is_found(place):
    links = [*GOOD]
    links[place] = changed(links[place], scopes=["read", "write"])
    assert check(links, HEAD) == [("a", place + 1, ALTERED)]


@given(PLACES)
def test_an_altered_digest_is_found(place):
    links = [*GOOD]
    links[place] = replace(links[place], digest="0" * 64)
    assert check(links) == [("a", place + 1, ALTERED)]


@given(PLACES)
def test_an_altered_link_to_the_event_before_is_found(place):
    links = [*GOOD]
    links[place] = replace(links[place], previous="0" * 64)
    assert check(links) == [("a", place + 1, ALTERED)]


@given(PLACES)
def test_an_altered_content_with_an_altered_link_is_found(place):
    links = [*GOOD]
    links[place] = changed(replace(links[place], previous="0" * 64), scopes=[])
    assert check(links) == [("a", place + 1, ALTERED)]


@given(PLACES)
def test_an_event_that_was_altered_and_sealed_again_is_found(place):
    links = [*GOOD]
    links[place] = resealed(changed(links[place], scopes=[]))
    # The last one of a chain has no successor that would know it: that takes a checkpoint.
    assert check(links, HEAD) == [("a", place + 1, ALTERED)]


def test_a_first_event_that_follows_something_is_found():
    links = [resealed(replace(GOOD[0], previous="0" * 64)), *GOOD[1:]]
    assert check(links) == [("a", 1, ALTERED)]


@given(PLACES)
def test_a_chain_that_was_sealed_anew_is_found_by_the_checkpoint(place):
    before = GOOD[place - 1].digest if place else GENESIS
    rest = chained("a", ({"scopes": [], "at": n} for n in range(place, LENGTH)), place + 1, before)
    forged = [*GOOD[:place], *rest]
    assert check(forged) == []
    assert check(forged, HEAD) == [("a", LENGTH, ALTERED)]


@given(PLACES, st.integers(1, LENGTH))
def test_events_removed_in_the_middle_are_found(place, count):
    assume(place + count < LENGTH)
    assert check([*GOOD[:place], *GOOD[place + count :]]) == [("a", place + 1, REMOVED)]


@given(PLACES, st.integers(1, LENGTH))
def test_events_removed_with_the_gap_closed_are_found(place, count):
    assume(place + count < LENGTH)
    rest = [changed(link, sequence=link.sequence - count) for link in GOOD[place + count :]]
    assert check([*GOOD[:place], *rest]) == [("a", place + 1, REMOVED)]


@given(PLACES)
def test_events_removed_at_the_end_are_found_by_the_checkpoint(place):
    assert check(GOOD[:place]) == []
    assert check(GOOD[:place], HEAD) == [("a", place + 1, REMOVED)]


def test_events_after_the_checkpoint_are_welcome():
    assert check(GOOD, Head("a", 3, GOOD[2].digest)) == []


def test_a_chain_that_is_gone_is_found_by_the_checkpoint():
    heads = [Head(key, 2, chain(key, 2)[-1].digest) for key in "abcd"]
    assert check([*chain("b", 2), *chain("c", 2)], *heads) == [
        ("a", 1, REMOVED),
        ("d", 1, REMOVED),
    ]


def test_a_subject_without_events_lacks_none():
    assert check([], Head("a", 0, GENESIS)) == []


@given(PLACES)
def test_an_event_inserted_into_a_place_that_is_taken_is_found(place):
    before = GOOD[place - 1].digest if place else GENESIS
    (forged,) = chained("a", [{"scopes": ["all"]}], place + 1, before)
    assert check([*GOOD[:place], forged, *GOOD[place:]]) == [("a", place + 1, INSERTED)]
    assert check([*GOOD[: place + 1], forged, *GOOD[place + 1 :]]) == [("a", place + 1, INSERTED)]


@given(PLACES)
def test_an_event_inserted_with_the_others_moved_down_is_found(place):
    before = GOOD[place - 1].digest if place else GENESIS
    (forged,) = chained("a", [{"scopes": ["all"]}], place + 1, before)
    rest = [changed(link, sequence=link.sequence + 1) for link in GOOD[place:]]
    assert check([*GOOD[:place], forged, *rest]) == [("a", place + 1, INSERTED)]


@given(PLACES, st.sampled_from(["", "0" * 64]))
def test_an_event_inserted_without_a_seal_is_found(place, seal):
    before = GOOD[place - 1].digest if place else GENESIS
    forged = Link({"subject": "a", "sequence": place + 1}, before, seal)
    assert check([*GOOD[:place], forged, *GOOD[place:]]) == [("a", place + 1, INSERTED)]


@given(PLACES, PLACES)
def test_a_copy_of_an_event_is_found(place, origin):
    assume(origin <= place)
    links = [*GOOD[: place + 1], GOOD[origin], *GOOD[place + 1 :]]
    assert check(links) == [("a", origin + 1, INSERTED)]


@given(st.permutations(range(LENGTH)))
def test_reordered_events_are_found(order):
    first = next((n for n, place in enumerate(order) if n != place), None)
    expected = [] if first is None else [("a", first + 1, REORDERED)]
    assert check([GOOD[place] for place in order]) == expected


@given(st.permutations(range(LENGTH)))
def test_events_that_swapped_their_numbers_are_found(order):
    first = next((n for n, place in enumerate(order) if n != place), None)
    expected = [] if first is None else [("a", first + 1, REORDERED)]
    assert check([changed(GOOD[p], sequence=n + 1) for n, p in enumerate(order)]) == expected


@given(PLACES, st.integers(-1, LENGTH + 2), st.sampled_from(["sequence", "subject"]))
def test_an_event_never_verifies_in_another_place(place, sequence, field):
    assume(sequence != place + 1)
    links = [*GOOD]
    value = sequence if field == "sequence" else "b"
    links[place] = changed(links[place], **{field: value})
    links.sort(key=lambda link: (link.subject, link.sequence))
    assert check(links, HEAD)


@pytest.mark.parametrize(
    "content",
    [{}, {"subject": "a"}, {"subject": "a", "sequence": True}, {"x": 0.5}, {"x": "\ud800"}],
)
def test_garbage_is_a_broken_event_and_no_crash(content):
    assert len(check([Link(content, GENESIS, "")])) == 1
    assert len(check([Link({"subject": "a", "sequence": 1, **content}, "x", "y")])) == 1


def test_every_broken_chain_is_named_once_with_its_first_broken_event():
    broken = [*chain("a"), *chain("b"), *chain("c")]
    for place in (1, 3, 4, 14, 16):
        broken[place] = changed(broken[place], scopes=[])
    found = verify(broken)
    assert list(found) == [Broken("a", 2, ALTERED), Broken("c", 3, ALTERED)]
    assert (found.broken, found.chains, found.count) == (2, 3, 18)


def test_a_chain_that_stands_behind_a_greater_one_is_out_of_its_place():
    assert check([*chain("b"), *chain("a")]) == [("a", 1, REORDERED)]


@given(st.integers(0, 3 * LENGTH))
def test_an_interrupted_verification_resumes_where_it_stopped(stop):
    links = [*chain("a"), *chain("b"), *chain("c")]
    heads = [Head(key, LENGTH, chain(key)[-1].digest) for key in "abc"]
    first = verify(islice(links, stop))
    assert list(first) == []
    assert first.position == (
        Head(links[stop - 1].subject, links[stop - 1].sequence, links[stop - 1].digest)
        if stop
        else None
    )
    assert check(links[stop:], *heads, after=first.position) == []
    assert len(check(links[stop + 1 :], *heads, after=first.position)) == (stop < len(links))


def test_a_break_behind_the_position_is_found_again_after_resuming():
    links = [*GOOD]
    links[3] = changed(links[3], scopes=[])
    first = verify(links[:5])
    list(first)
    assert first.position == Head("a", 3, links[2].digest)
    assert check(links[3:], after=first.position) == [("a", 4, ALTERED)]


def test_removal_at_the_end_is_found_when_resuming_behind_the_last_event():
    position = Head("a", 4, GOOD[3].digest)
    assert check([], HEAD, after=position) == [("a", 5, REMOVED)]
    assert check(chain("b"), Head("0", 1, "x"), HEAD, after=position) == [("a", 5, REMOVED)]


def test_memory_does_not_grow_with_the_ledger():
    def peak(chains):
        links = (link for key in range(chains) for link in chain(f"{key:08}", 3))
        tracemalloc.start()
        assert list(verify(links)) == []
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(10)
    assert peak(2000) < 2 * peak(100)
