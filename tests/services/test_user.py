"""What decisions learn of a user: only what policies name."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from idp.services.catalogue import current_catalogue
from idp.services.user import find_user, user_facts
from tests.factories import make_application, make_policy, make_scope, make_user

pytestmark = pytest.mark.django_db


class Plain:
    """A user of a model without groups and permissions."""

    is_active = True


def says_yes(user, application):
    return True


def says_yes_in_other_words(user, application):
    return "yes"


def fails(user, application):
    raise RuntimeError("the tenant service is down")


def test_nothing_is_looked_up_that_no_policy_names(django_assert_num_queries):
    make_scope("photos:read")
    user, application, catalogue = make_user(), make_application(), current_catalogue()
    with django_assert_num_queries(0):
        facts = user_facts(user, application, catalogue)
    assert (facts.active, facts.groups, facts.permissions) == (True, frozenset(), frozenset())


def test_only_groups_that_policies_name_are_known():
    make_policy("staff", groups=["staff"])
    make_scope("reports", policy="staff")
    user = make_user(groups=("staff", "choir"))
    facts = user_facts(user, make_application(), current_catalogue())
    assert facts.groups == {"staff"}


def test_permissions_are_those_that_the_user_has():
    make_policy("a", permission="auth.view_user")
    make_policy("b", permission="auth.delete_user")
    make_scope("a", policy="a")
    make_scope("b", policy="b")
    user = make_user()
    user.user_permissions.add(Permission.objects.get(codename="view_user"))
    facts = user_facts(user, make_application(), current_catalogue())
    assert facts.permissions == {"auth.view_user"}


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        ("says_yes", True),
        ("says_yes_in_other_words", False),
        ("fails", False),
        ("is_not_there", False),
    ],
)
def test_a_site_s_check_must_say_true(check, answer):
    path = f"{__name__}.{check}"
    make_policy("tenant", user_check=path)
    make_scope("photos:read", policy="tenant")
    facts = user_facts(make_user(), make_application(), current_catalogue())
    assert facts.checks == {path: answer}


def test_a_user_model_without_groups_has_none():
    make_policy("staff", groups=["staff"], permission="auth.view_user")
    make_scope("reports", policy="staff")
    facts = user_facts(Plain(), make_application(), current_catalogue())
    assert (facts.active, facts.groups, facts.permissions) == (True, frozenset(), frozenset())


def test_only_the_policies_of_the_scopes_in_question_are_asked():
    make_policy("tenant", user_check=f"{__name__}.fails")
    make_scope("photos:read", policy="tenant")
    make_scope("plain")
    facts = user_facts(make_user(), make_application(), current_catalogue(), scopes=["plain"])
    assert facts.checks == {}


def test_a_disabled_user_is_inactive():
    facts = user_facts(make_user(is_active=False), make_application(), current_catalogue())
    assert not facts.active


@pytest.mark.parametrize("name", ["", "nobody", "a\x00b"])
def test_an_unknown_name_is_nobody(name):
    assert find_user(name) is None


def test_a_user_is_found_by_sign_in_name():
    user = make_user("rita")
    assert find_user("rita") == user
