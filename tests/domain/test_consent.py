"""What must be asked: nothing, only what is new, everything again, or refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.consent import ConsentKind, Remembered, RememberedScope, decide
from idp.domain.scope import ClientScope, Policy, Scope
from tests.domain.scope_factory import NOW, catalogue, client, policed

NOTHING, NEW, EVERYTHING, REFUSE = ConsentKind
SAME = RememberedScope(policy_revision=1, words_version=1)
SCOPES = catalogue(policed("read"), policed("mail"), policed("extra", optional=True))
WORDS = {"read": 1, "mail": 1, "extra": 1}
READ = Remembered({"read": SAME})
OWN = client("read", "mail", first_party=True)


def judge(*asked, **facts):
    question = {
        "client": client("read", "mail"),
        "catalogue": SCOPES,
        "words": WORDS,
        "remembered": READ,
        "prompt": frozenset(),
        "on_device": False,
        "now": NOW,
        **facts,
    }
    return decide(asked=frozenset(asked), **question)


def test_what_was_allowed_before_is_not_asked_again():
    found = judge("read")
    assert (found.kind, found.allowed, found.new) == (NOTHING, {"read"}, set())
    assert found.reason.code == "remembered"


def test_the_first_request_asks_for_all_of_it_as_new():
    found = judge("read", "mail", remembered=None)
    assert (found.kind, found.new, found.allowed) == (NEW, {"read", "mail"}, set())
    assert found.reason.code == "first_time"


def test_only_what_is_new_is_asked_beside_what_is_allowed():
    found = judge("read", "mail")
    assert (found.kind, found.new, found.allowed) == (NEW, {"mail"}, {"read"})
    assert found.reason.code == "new_scopes"


CHANGED = {
    "the words": {"words": {"read": 2}},
    "the words are gone": {"words": {}},
    "the policy's revision": {"catalogue": catalogue(policed("read", revision=2))},
    "another policy of the same revision": {
        "remembered": Remembered({"read": replace(SAME, policy="another")})
    },
    "no policy any more": {
        "catalogue": catalogue(Scope("read")),
        "remembered": Remembered({"read": replace(SAME, policy="policy-read")}),
    },
    "what it includes": {
        "catalogue": catalogue(
            replace(policed("read"), implies=frozenset({"mail"})), Scope("mail")
        ),
        "remembered": Remembered({"read": replace(SAME, implied=frozenset())}),
    },
}


@pytest.mark.parametrize("change", CHANGED)
def test_everything_is_asked_again_when_the_meaning_changed(change):
    found = judge("read", **CHANGED[change])
    assert (found.kind, found.changed, found.allowed) == (EVERYTHING, {"read"}, set())
    assert found.reason.code == "meaning_changed"


def test_what_is_not_asked_may_have_changed():
    remembered = Remembered({"read": SAME, "mail": RememberedScope(0, 0)})
    assert judge("read", remembered=remembered).kind is NOTHING


def test_the_same_policy_and_reach_recorded_in_full_hold():
    kept = RememberedScope(1, 1, implied=frozenset({"mail", "old"}), policy="policy-read")
    scopes = catalogue(replace(policed("read"), implies=frozenset({"mail"})), policed("mail"))
    assert judge("read", catalogue=scopes, remembered=Remembered({"read": kept})).kind is NOTHING


def test_a_scope_that_an_allowed_one_was_shown_to_include_is_allowed():
    kept = Remembered({"write": RememberedScope(1, 1, implied=frozenset({"read"}))})
    scopes = catalogue(replace(policed("write"), implies=frozenset({"read"})), policed("read"))
    facts = {"catalogue": scopes, "remembered": kept}
    assert judge("read", words={"write": 1, "read": 1}, **facts).kind is NOTHING
    assert judge("read", words={"write": 2, "read": 1}, **facts).kind is NEW


@pytest.mark.parametrize(
    ("remembered", "kind", "code"),
    [
        (replace(READ, expires_at=NOW), EVERYTHING, "consent_ended"),
        (replace(READ, expires_at=NOW + timedelta(seconds=1)), NOTHING, "remembered"),
        (replace(READ, duration="once"), EVERYTHING, "consent_ended"),
        (replace(READ, live=False), NEW, "first_time"),
    ],
    ids=["expired", "about to expire", "given once", "taken back"],
)
def test_a_consent_answers_only_while_it_lasts(remembered, kind, code):
    found = judge("read", remembered=remembered)
    assert (found.kind, found.reason.code) == (kind, code)
    assert found.allowed == ({"read"} if kind is NOTHING else set())


FORCED = {
    "consent_requested": {"prompt": frozenset({"consent", "login"})},
    "app_on_device": {"on_device": True},
    "client_always": {"client_consent_mode": "always"},
    "policy_always": {"catalogue": catalogue(policed("read", consent="always"))},
}


@pytest.mark.parametrize("cause", FORCED)
def test_some_things_ask_whatever_is_remembered(cause):
    found = judge("read", **FORCED[cause])
    assert (found.kind, found.allowed, found.reason.code) == (EVERYTHING, {"read"}, cause)


@pytest.mark.parametrize("cause", FORCED)
def test_they_ask_for_the_sites_own_clients_too(cause):
    found = judge("read", client=OWN, **{"client_consent_mode": "implicit", **FORCED[cause]})
    assert (found.kind, found.reason.code) == (EVERYTHING, cause)
    new = judge(
        "read",
        client=OWN,
        remembered=None,
        **{"client_consent_mode": "implicit", **FORCED[cause]},
    )
    assert new.new == {"read"}


def test_an_unknown_word_of_a_policy_or_client_asks_always():
    strange = catalogue(policed("read", consent="sometimes"))
    assert judge("read", catalogue=strange).reason.code == "policy_always"
    assert judge("read", client_consent_mode="sometimes").reason.code == "client_always"


@pytest.mark.parametrize("facts", [{"remembered": None}, {"words": {}}, *FORCED.values()])
def test_prompt_none_never_asks(facts):
    prompt = facts.get("prompt", frozenset()) | {"none"}
    found = judge("read", **{**facts, "prompt": prompt})
    assert (found.kind, found.reason.code) == (REFUSE, "consent_required")
    assert found.reason.is_error


def test_prompt_none_passes_where_nothing_must_be_asked():
    assert judge("read", prompt=frozenset({"none"})).kind is NOTHING


def test_the_sites_own_client_need_not_ask():
    found = judge("read", "mail", client=OWN, remembered=None, client_consent_mode="implicit")
    assert (found.kind, found.allowed) == (NOTHING, {"read", "mail"})
    assert found.reason.code == "first_party"


@pytest.mark.parametrize(
    "who", [client("read"), replace(OWN, environment="development")], ids=["foreign", "development"]
)
def test_any_other_client_must(who):
    scopes = catalogue(policed("read", consent="implicit_first_party"))
    for mode in ("", "implicit"):
        facts = {"client": who, "catalogue": scopes, "client_consent_mode": mode}
        assert judge("read", remembered=None, **facts).kind is NEW


def test_a_policy_can_waive_the_question_for_its_scopes_alone():
    scopes = catalogue(policed("read", consent="implicit_first_party"), policed("mail"), Scope("x"))
    found = judge("read", "mail", "x", client=OWN, catalogue=scopes, remembered=None)
    assert (found.kind, found.allowed, found.new) == (NEW, {"read"}, {"mail", "x"})


DECLINED = Remembered({"read": SAME}, declined=frozenset({"extra", "mail"}))


def test_what_was_declined_is_no_cause_to_ask_and_is_not_granted():
    found = judge("read", "extra", remembered=DECLINED)
    assert (found.kind, found.allowed) == (NOTHING, {"read"})
    assert found.declined == found.new == {"extra"}


def test_what_was_declined_is_offered_again_on_a_page_that_is_shown_anyway():
    found = judge("read", "extra", "other", remembered=DECLINED)
    assert (found.kind, found.new, found.declined) == (NEW, {"extra", "other"}, {"extra"})


def test_what_was_declined_is_asked_when_nothing_else_could_be_given():
    found = judge("extra", remembered=DECLINED)
    assert (found.kind, found.allowed) == (NEW, set())


def test_what_was_declined_is_asked_when_the_client_has_come_to_require_it():
    assert judge("read", "mail", remembered=DECLINED).kind is NEW
    optional = client(ClientScope("mail", requirement="optional"))
    assert judge("read", "mail", client=optional, remembered=DECLINED).kind is NOTHING


def test_nothing_asked_is_refused():
    found = judge()
    assert (found.kind, found.reason.code) == (REFUSE, "access_denied")


def test_a_scope_that_the_catalogue_does_not_know_is_asked():
    assert judge("read", "x").new == {"x"}


NAMES = st.frozensets(st.sampled_from(["read", "mail", "extra", "x"]))
MEMORIES = st.none() | st.builds(
    Remembered,
    st.dictionaries(
        st.sampled_from(["read", "mail", "extra"]),
        st.builds(RememberedScope, st.integers(0, 2), st.integers(0, 2)),
    ),
    declined=NAMES,
    expires_at=st.sampled_from([None, NOW, NOW + timedelta(days=1)]),
    live=st.booleans(),
    duration=st.sampled_from(["once", "30d", "until_revoked"]),
)
FACTS = st.fixed_dictionaries(
    {
        "remembered": MEMORIES,
        "prompt": st.frozensets(st.sampled_from(["none", "consent", "login"])),
        "on_device": st.booleans(),
        "client_consent_mode": st.sampled_from(["", "always", "implicit"]),
        "client": st.sampled_from([OWN, client("read"), client()]),
    }
)


@given(NAMES, FACTS)
def test_each_asked_scope_stands_in_one_place(asked, facts):
    found = judge(*asked, **facts)
    if asked:
        assert found.new | found.changed | found.allowed == asked
    assert len(found.new) + len(found.changed) + len(found.allowed) == len(asked)
    assert found.declined <= found.new


@given(NAMES, FACTS)
def test_without_a_page_nothing_is_granted_that_was_neither_allowed_nor_waived(asked, facts):
    found = judge(*asked, **facts)
    if found.kind is NOTHING and not facts["client"].first_party:
        memory = facts["remembered"]
        assert found.allowed <= set(memory.granted)
        assert memory.live
        assert memory.expires_at is None or memory.expires_at > NOW
        assert memory.duration != "once"
        assert not found.changed


@given(NAMES, FACTS)
def test_prompt_none_and_prompt_consent_are_obeyed(asked, facts):
    kind = judge(*asked, **facts).kind
    if "none" in facts["prompt"]:
        assert kind in {NOTHING, REFUSE}
    if "consent" in facts["prompt"]:
        assert kind is not NOTHING


def test_a_policy_is_compared_by_name_only_where_it_was_recorded():
    renamed = catalogue(Scope("read", policy=Policy(name="renamed")))
    assert judge("read", catalogue=renamed).kind is NOTHING
