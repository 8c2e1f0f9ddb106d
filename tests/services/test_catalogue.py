"""The catalogue in memory: always the present one, and free of statements once it is known."""

from __future__ import annotations

import pytest
from django.db import transaction

from idp.domain.catalogue import Unpoliced
from idp.models import Scope, ScopePolicy, ScopeText
from idp.services.catalogue import (
    bump_catalogue,
    catalogue_version,
    current_catalogue,
    unpoliced_choice,
    words,
)
from tests.factories import make_policy, make_scope

pytestmark = pytest.mark.django_db


def test_a_known_version_costs_no_statement(django_assert_num_queries):
    make_scope("photos:read")
    version = catalogue_version()
    current_catalogue(version)

    with django_assert_num_queries(0):
        assert "photos:read" in current_catalogue(version).scopes
        assert words("en", version)["photos:read"].title == "Use photos:read"


def test_a_change_is_seen_under_the_next_version():
    scope = make_scope("photos:read")
    before = current_catalogue()

    Scope.objects.filter(pk=scope.pk).update(active=False)
    bump_catalogue()

    after = current_catalogue()
    assert before.scopes["photos:read"].active
    assert not after.scopes["photos:read"].active
    assert after.version > before.version


def test_a_change_that_is_rolled_back_leaves_no_trace_in_memory():
    scope = make_scope("photos:read")
    with transaction.atomic():
        Scope.objects.filter(pk=scope.pk).update(active=False)
        bump_catalogue()
        abandoned = catalogue_version()
        assert not current_catalogue().scopes["photos:read"].active
        transaction.set_rollback(True)

    bump_catalogue()

    assert catalogue_version() != abandoned
    assert current_catalogue().scopes["photos:read"].active


def test_policies_and_implied_scopes_come_along():
    make_policy("strict", clients="approved", groups=["staff"], optional=True)
    make_scope("photos:read")
    make_scope("photos:write", policy="strict", implies=("photos:read",))

    scope = current_catalogue().scopes["photos:write"]

    assert scope.implies == {"photos:read"}
    assert scope.policy is not None
    assert (scope.policy.clients, scope.policy.groups) == ("approved", {"staff"})
    assert scope.policy.optional


def test_what_an_unpoliced_scope_gets_follows_setting_and_mode(settings):
    assert unpoliced_choice(enforcing=True) == Unpoliced.DENY
    assert unpoliced_choice(enforcing=False) == Unpoliced.PASS_THROUGH
    settings.IDP = {**settings.IDP, "UNPOLICED_SCOPES": "defaults_only"}
    assert unpoliced_choice(enforcing=True) == Unpoliced.DEFAULTS_ONLY
    assert current_catalogue().unpoliced == Unpoliced.DEFAULTS_ONLY


def test_both_kinds_of_unpoliced_are_kept_under_one_version(django_assert_num_queries):
    make_scope("photos:read")
    version = catalogue_version()
    current_catalogue(version, unpoliced=Unpoliced.PASS_THROUGH)

    with django_assert_num_queries(0):
        passing = current_catalogue(version, unpoliced=Unpoliced.PASS_THROUGH)
        denying = current_catalogue(version, unpoliced=Unpoliced.DENY)

    assert (passing.unpoliced, denying.unpoliced) == ("pass_through", "deny")


@pytest.mark.parametrize(
    ("language", "title"),
    [("de", "Fotos"), ("de-at", "Fotos"), ("DE_AT", "Fotos"), ("en", "Photos"), ("fr", "Photos")],
)
def test_words_fall_back_to_the_nearest_language(language, title):
    scope = make_scope("photos:read", title="Photos")
    ScopeText.objects.create(scope=scope, language="de", title="Fotos")
    bump_catalogue()

    assert words(language)["photos:read"].title == title


def test_words_fall_back_to_any_language_and_at_last_to_the_name():
    scope = make_scope("photos:read")
    scope.texts.all().delete()
    bump_catalogue()
    assert words("en")["photos:read"].title == "photos:read"
    assert words("en")["photos:read"].version == 0

    ScopeText.objects.create(scope=scope, language="ar", title="صور")
    bump_catalogue()
    assert words("en")["photos:read"].language == "ar"


def test_a_scope_without_a_policy_has_none():
    make_scope("legacy", policy=None)
    assert current_catalogue().scopes["legacy"].policy is None


def test_the_revision_of_a_policy_is_part_of_it():
    policy = make_policy("strict")
    make_scope("photos:read", policy="strict")
    ScopePolicy.objects.filter(pk=policy.pk).update(revision=7)
    bump_catalogue()

    found = current_catalogue().scopes["photos:read"].policy
    assert found is not None
    assert found.revision == 7
