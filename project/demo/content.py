"""People and photos of the demo: made once, then left to whoever plays with them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model

from project.api.models import Photo
from project.api.picture import draw


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo."""

    username: str
    first_name: str
    last_name: str
    photos: tuple[str, ...] = ()
    operator: bool = False


OPERATOR = Person("operator", "Olga", "Perez", operator=True)
USERS = (
    Person(
        "ada",
        "Ada",
        "Lovelace",
        (
            "Morning over the ridge",
            "The lake at noon",
            "First snow",
            "Evening walk",
            "Night train north",
            "Above the clouds",
            "The long way home",
            "Quiet harbour",
        ),
    ),
    Person(
        "grace",
        "Grace",
        "Hopper",
        ("Sunrise, day one", "Desert road", "Storm coming in", "Last light"),
    ),
)


def ensure_person(person: Person, passwords: Mapping[str, str], now: datetime) -> str:
    """Make a person with photos unless there is one already; return the password.

    Args:
        person: who.
        passwords: by username, from an earlier start.
        now: the time; photos are dated backwards from it.
    """
    users = get_user_model()._default_manager
    user: Any = users.filter(username=person.username).first()
    password = passwords.get(person.username) or secrets.token_urlsafe(9)
    if user is None:
        user = users.create(
            username=person.username,
            first_name=person.first_name,
            last_name=person.last_name,
            email=f"{person.username}@example.com",
            is_staff=person.operator,
            is_superuser=person.operator,
        )
        _add_photos(user, person, now)
    elif person.username in passwords:
        return password
    user.set_password(password)
    user.save(update_fields=["password"])
    return password


def _add_photos(user: Any, person: Person, now: datetime) -> None:
    Photo.objects.bulk_create(
        Photo(
            owner=user,
            title=title,
            content=draw(title),
            created_at=now - timedelta(days=9 * number + 1),
        )
        for number, title in enumerate(person.photos)
    )
