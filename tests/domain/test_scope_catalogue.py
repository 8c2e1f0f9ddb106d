"""What scopes include, and what rules them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from idp.domain.scope import Policy, Scope, find_cycle
from tests.domain.scope_factory import catalogue

NODES = st.sampled_from("abcdef")
RELATIONS = st.dictionaries(NODES, st.frozensets(NODES, max_size=3))


def chain(*names: str) -> list[Scope]:
    pairs = zip(names, [*names[1:], None], strict=True)
    return [Scope(name, implies=frozenset({child} if child else ())) for name, child in pairs]


def test_inclusion_is_transitive():
    assert catalogue(*chain("admin", "write", "read")).implied("admin") == {"write", "read"}


def test_a_scope_does_not_include_itself_even_in_a_circle():
    circle = catalogue(Scope("a", implies=frozenset("b")), Scope("b", implies=frozenset("a")))
    assert circle.implied("a") == {"b"}


def test_two_ways_to_one_scope_include_it_once():
    diamond = catalogue(
        Scope("a", implies=frozenset("bc")),
        Scope("b", implies=frozenset("d")),
        Scope("c", implies=frozenset("d")),
        Scope("d"),
    )
    assert [member.name for member in diamond.family("a").members] == ["a", "b", "c", "d"]


def test_nothing_is_included_through_a_retired_or_unknown_scope():
    scopes = catalogue(
        Scope("a", implies=frozenset({"gone", "old"})),
        Scope("old", active=False, implies=frozenset({"read"})),
        Scope("read"),
    )
    assert scopes.implied("a") == frozenset()


def test_an_unknown_scope_includes_nothing_and_is_kept_as_it_is():
    assert catalogue().implied("x") == frozenset()
    assert catalogue().effective({"x"}) == {"x"}


def test_effective_scopes_are_the_granted_ones_and_all_they_include():
    scopes = catalogue(*chain("write", "read"), Scope("mail"))
    assert scopes.effective({"write", "mail"}) == {"write", "read", "mail"}


def test_policies_are_those_of_the_scopes_and_all_they_include_each_once():
    strict, lax = Policy(name="strict"), Policy(name="lax")
    scopes = catalogue(
        Scope("write", policy=strict, implies=frozenset({"read", "list"})),
        Scope("read", policy=lax),
        Scope("list", policy=lax),
    )
    assert scopes.policies({"write", "nothing"}) == (lax, strict)


@given(RELATIONS)
def test_a_found_cycle_is_a_cycle_of_the_relation(relation):
    cycle = find_cycle(relation)
    assert all(b in relation[a] for a, b in pairwise(cycle))
    assert not cycle or (cycle[0] == cycle[-1] and len(cycle) > 1)


@given(RELATIONS)
def test_no_cycle_is_found_exactly_when_nothing_reaches_itself(relation):
    def reach(name: str) -> set[str]:
        found: set[str] = set()
        waiting = set(relation.get(name, ()))
        while waiting:
            found.add(child := waiting.pop())
            waiting |= set(relation.get(child, ())) - found
        return found

    assert bool(find_cycle(relation)) == any(name in reach(name) for name in relation)


def test_a_long_chain_does_not_exhaust_the_stack():
    assert find_cycle({str(n): {str(n + 1)} for n in range(5_000)}) == ()
    assert find_cycle({"a": {"a"}}) == ("a", "a")
