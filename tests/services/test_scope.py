"""Scopes, policies and APIs: every change is judged, versioned and told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from idp.models import Api, ConsentEvent, ConsentScope, Scope, ScopePolicy, ScopeText, SecurityEvent
from idp.services.api import remove_api, save_api
from idp.services.catalogue import catalogue_version, current_catalogue
from idp.services.change import Refused
from idp.services.scope import (
    ever_granted,
    remove_scope,
    retire_scope,
    save_implications,
    save_scope,
)
from idp.services.scope_policy import remove_policy, save_policy
from idp.services.scope_text import Text
from tests.factories import (
    add_scope,
    grant,
    make_api,
    make_application,
    make_policy,
    make_scope,
    make_user,
)

pytestmark = pytest.mark.django_db


def codes(refusal):
    return [(key, reason.code) for key, reason in refusal.value.errors]


def test_a_new_scope_is_in_the_catalogue_at_once():
    version = catalogue_version()

    changes = save_scope(Scope(name="photos:read", api=make_api()), texts={"en": Text("See")})

    assert "photos:read" in current_catalogue().scopes
    assert catalogue_version() > version
    assert {change.field for change in changes} >= {"name", "api", "text.en"}


def test_saving_what_is_stored_already_changes_nothing():
    scope = make_scope("photos:read", title="See")
    version = catalogue_version()

    assert save_scope(scope, implies=(), texts={"en": Text("See")}) == []

    assert catalogue_version() == version
    assert not SecurityEvent.objects.filter(kind="scope.changed").exists()


@pytest.mark.parametrize("name", ["", "two words", 'quote"', "back\\slash", "ümlaut", "a\x00b"])
def test_a_name_that_is_no_scope_token_is_refused(name):
    with pytest.raises(Refused) as refusal:
        save_scope(Scope(name=name, api=make_api()))
    assert refusal.value.errors[0][0] == "name"
    assert not Scope.objects.filter(name=name.replace("\x00", "")).exists()


def test_the_reason_for_a_bad_name_is_that_of_the_rule():
    with pytest.raises(Refused) as refusal:
        save_scope(Scope(name="two words", api=make_api()))
    assert refusal.value.errors[0][1].reference == "RFC 6749 §3.3"


def test_scopes_that_include_each_other_are_refused():
    make_scope("a")
    make_scope("b", implies=("a",))
    with pytest.raises(Refused) as refusal:
        save_scope(Scope.objects.get(name="a"), implies=("b",))
    assert codes(refusal) == [("implies", "implies_cycle")]
    assert current_catalogue().scopes["a"].implies == frozenset()


def test_a_scope_cannot_include_itself():
    scope = make_scope("a")
    with pytest.raises(Refused) as refusal:
        save_scope(scope, implies=("a",))
    assert codes(refusal) == [("implies", "implies_cycle")]


def test_an_unknown_included_scope_is_refused():
    with pytest.raises(Refused) as refusal:
        save_scope(make_scope("a"), implies=("nowhere",))
    assert codes(refusal) == [("implies", "unknown_scope")]


def test_what_scopes_include_can_be_turned_round_in_one_step():
    make_scope("a")
    make_scope("b", implies=("a",))

    changes = save_implications({"a": ("b",), "b": ()})

    assert set(changes) == {"a", "b"}
    scopes = current_catalogue().scopes
    assert (scopes["a"].implies, scopes["b"].implies) == ({"b"}, frozenset())


def test_words_get_a_new_version_only_when_they_change():
    scope = make_scope("photos:read", title="See")
    save_scope(scope, texts={"en": Text("See")})
    assert scope.texts.get().version == 1
    save_scope(scope, texts={"en": Text("See all", "Every album.")})
    assert scope.texts.get().version == 2


def test_other_languages_stay_unless_pruned():
    scope = make_scope("photos:read")
    save_scope(scope, texts={"de": Text("Sehen")})
    assert set(scope.texts.values_list("language", flat=True)) == {"en", "de"}
    changes = save_scope(scope, texts={"de": Text("Sehen")}, prune_texts=True)
    assert [change.field for change in changes] == ["text.en"]
    assert set(scope.texts.values_list("language", flat=True)) == {"de"}


def test_words_that_come_back_get_a_version_that_nobody_agreed_to():
    scope = make_scope("photos:read")
    grant(make_user(), make_application(scopes=("photos:read",)), "photos:read")
    ConsentScope.objects.update(words_language="en", words_version=4)
    scope.texts.all().delete()

    save_scope(scope, texts={"en": Text("Something else")})

    assert ScopeText.objects.get(scope=scope).version == 5


@pytest.mark.parametrize("text", [Text(""), Text("x" * 300)])
def test_a_title_is_neither_empty_nor_too_long(text):
    with pytest.raises(Refused) as refusal:
        save_scope(make_scope("photos:read"), texts={"de": text})
    assert refusal.value.errors[0][0] == "text.de.title"


def test_a_retired_scope_stays_in_the_catalogue_as_inactive():
    scope = make_scope("photos:read")
    assert retire_scope(scope)
    assert not current_catalogue().scopes["photos:read"].active
    assert retire_scope(scope) == []


def test_a_scope_that_was_never_granted_is_deleted_with_its_registrations():
    scope = make_scope("photos:read")
    add_scope(make_application(), "photos:read")
    assert remove_scope(scope) == "delete"
    assert not Scope.objects.filter(name="photos:read").exists()


def test_a_scope_that_was_granted_is_only_retired():
    scope = make_scope("photos:read")
    user = make_user()
    grant(user, make_application(scopes=("photos:read",)), "photos:read")
    user.delete()

    assert ConsentEvent.objects.exists()
    assert ever_granted("photos:read")
    assert remove_scope(scope) == "retire"
    assert remove_scope(Scope.objects.get(name="photos:read")) == ""


def test_being_part_of_a_granted_name_is_not_being_granted():
    make_scope("photos")
    make_scope("photos:read")
    grant(make_user(), make_application(scopes=("photos:read",)), "photos:read")
    assert not ever_granted("photos")


def test_a_granted_scope_keeps_its_name():
    scope = make_scope("photos:read")
    grant(make_user(), make_application(scopes=("photos:read",)), "photos:read")
    scope.name = "pictures:read"
    with pytest.raises(Refused) as refusal:
        save_scope(scope)
    assert codes(refusal) == [("name", "granted_name")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sensitivity", "sensitive"),
        ("consent", "always"),
        ("consent_lifetime", timedelta(days=1)),
        ("optional", True),
        ("refresh", False),
    ],
)
def test_a_policy_that_means_something_else_gets_a_new_revision(field, value):
    policy = make_policy("strict")
    setattr(policy, field, value)
    assert [change.field for change in save_policy(policy)] == [field]
    assert ScopePolicy.objects.get(name="strict").revision == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("description", "Why"), ("clients", "verified"), ("groups", ["staff"])],
)
def test_a_policy_that_only_admits_others_keeps_its_revision(field, value):
    policy = make_policy("strict")
    setattr(policy, field, value)
    assert save_policy(policy)
    assert ScopePolicy.objects.get(name="strict").revision == 1


def test_the_revision_comes_from_the_database_not_from_the_row_at_hand():
    policy = make_policy("strict")
    ScopePolicy.objects.update(revision=5)
    policy.optional = True
    save_policy(policy)
    assert ScopePolicy.objects.get(name="strict").revision == 6


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("sensitivity", "very", "invalid_choice"),
        ("consent_lifetime", timedelta(0), "not_positive"),
        ("grant_types", ["implicit"], "unknown_grant_type"),
        ("grant_types", [], "no_grant_type"),
        ("groups", [], "no_group"),
        ("permission", "no-dot", "bad_permission"),
        ("user_check", "nodots", "bad_dotted_path"),
    ],
)
def test_a_policy_that_breaks_a_rule_is_refused(field, value, code):
    policy = make_policy("strict")
    setattr(policy, field, value)
    with pytest.raises(Refused) as refusal:
        save_policy(policy)
    assert codes(refusal) == [(field, code)]


def test_a_policy_in_use_cannot_be_removed():
    policy = make_policy("strict")
    make_scope("photos:read", policy="strict")
    with pytest.raises(Refused) as refusal:
        remove_policy(policy)
    assert codes(refusal) == [("name", "in_use")]
    Scope.objects.filter(name="photos:read").update(policy=None)
    remove_policy(policy)
    assert not ScopePolicy.objects.filter(name="strict").exists()


@pytest.mark.parametrize("identifier", ["photos", "https://a.example/#x", "https://a.example/ b"])
def test_an_api_is_an_absolute_uri(identifier):
    with pytest.raises(Refused) as refusal:
        save_api(Api(identifier=identifier, name="Photos"))
    assert codes(refusal) == [("identifier", "not_absolute")]


def test_resource_servers_are_set_as_a_whole():
    api = make_api()
    policy = make_application("service", client_id="backend").idp_policy
    assert [change.field for change in save_api(api, resource_servers=[policy])] == [
        "resource_servers"
    ]
    assert save_api(api, resource_servers=[policy]) == []
    assert save_api(api) == []
    assert list(api.resource_servers.all()) == [policy]


def test_an_api_with_scopes_cannot_be_removed():
    make_scope("photos:read")
    with pytest.raises(Refused) as refusal:
        remove_api(make_api())
    assert codes(refusal) == [("identifier", "in_use")]
    Scope.objects.filter(name="photos:read").delete()
    remove_api(make_api())
    assert not Api.objects.filter(name="Photos").exists()


def test_every_change_by_an_operator_is_an_event_of_its_own():
    user = make_user("olga")
    for title in ("One", "Two"):
        save_scope(make_scope(), texts={"en": Text(title)}, by=user)
    events = SecurityEvent.objects.filter(kind="scope.changed", user=user)
    assert events.count() == 2
