"""Every page and action of the desk, for each ready role and for none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import transaction

from idp.domain.role import ROLES
from idp.models import ConsentEvent, SecurityEvent
from idp.services.role import update_roles
from tests.admin.conftest import APP, page
from tests.admin.full_house import address_of, make_full_house
from tests.admin.role_table import ACTIONS, KEYS, TABLE, YES
from tests.admin.visitor import Visitor
from tests.factories import make_user

OURS = ("idp_", "oauth2_provider_")
REFUSED = frozenset({403, 404})


@pytest.fixture
def full_house(db: None) -> SimpleNamespace:
    """One of everything, so that each page has a row to show and each action one to work on."""
    return make_full_house()


@pytest.fixture
def visitors(db: None) -> dict[str, Visitor]:
    """A member of staff in each role, and one in none."""
    update_roles()
    found = {}
    for letter, key in {**KEYS, "": ""}.items():
        user = make_user(f"member-{key or 'of-none'}", is_staff=True)
        if key:
            user.groups.add(Group.objects.get(name=ROLES[key].group))
        found[letter] = Visitor(user)
    return found


def _names() -> set[str]:
    """Return the names of all pages of the desk, as the table has them."""
    names = {str(pattern.name) for pattern in _patterns(admin.site.get_urls()) if pattern.name}
    ours = {name for name in names if name.startswith(OURS)}
    return {name.replace(f"{APP}_", "client_", 1) for name in ours}


def _patterns(patterns: list[Any]) -> Iterator[Any]:
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _patterns(pattern.url_patterns)
        else:
            yield pattern


@contextmanager
def _undone() -> Iterator[None]:
    """Take back what happens inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _traces() -> tuple[int, int]:
    """Return how much history there is, and how many events, those of the ledger among them."""
    events = sum(SecurityEvent.objects.values_list("count", flat=True))
    return LogEntry.objects.count(), events + ConsentEvent.objects.count()


def test_no_page_of_the_desk_is_missing_from_the_table() -> None:
    assert _names() == set(TABLE)


def test_no_action_of_the_desk_is_missing_from_the_table() -> None:
    found = set()
    for model, desk in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        if name.startswith(OURS):
            short = "client" if name == APP else name
            found |= {(short, action) for action in desk.actions or ()}
    assert found == set(ACTIONS)


def test_each_role_opens_exactly_the_pages_of_the_table(
    full_house: SimpleNamespace, visitors: dict[str, Visitor]
) -> None:
    wrong = []
    for name, page_of in TABLE.items():
        address = address_of(name, page_of, full_house)
        for letter, visitor in visitors.items():
            with _undone():
                status = visitor.get(address).status_code
            may = bool(letter) and letter in page_of.reads
            if (status in REFUSED) is may or status >= 500:
                wrong.append((name, letter or "none", status))
    assert not wrong


def test_each_role_sends_exactly_the_pages_of_the_table_and_the_rest_changes_nothing(
    full_house: SimpleNamespace, visitors: dict[str, Visitor]
) -> None:
    wrong = []
    for name, page_of in TABLE.items():
        address = address_of(name, page_of, full_house)
        for letter, visitor in visitors.items():
            with _undone():
                body = page_of.sends(full_house, visitor, address) if page_of.sends else {}
                before = _traces()
                status = visitor.post(address, body).status_code
                changed = _traces()[0] != before[0]
            may = bool(letter) and letter in page_of.writes
            if (status in REFUSED) is may or status >= 500 or (changed and not may):
                wrong.append((name, letter or "none", status))
    assert not wrong


def test_each_role_takes_exactly_the_actions_of_the_table(
    full_house: SimpleNamespace, visitors: dict[str, Visitor]
) -> None:
    wrong = []
    for (name, action), (row, roles) in ACTIONS.items():
        sent = {"action": action, "_selected_action": [getattr(full_house, row).pk], **YES}
        for letter, visitor in visitors.items():
            with _undone():
                before = _traces()
                visitor.post(page(f"{name}_changelist"), sent)
                after = _traces()
            left = after[0] > before[0] and after[1] > before[1]
            if left is not (bool(letter) and letter in roles) or (not left and after != before):
                wrong.append((name, action, letter or "none", before, after))
    assert not wrong
