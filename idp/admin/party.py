"""Finding rows by the parties that they concern, by index rather than by scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q

from idp.conf import application_model

if TYPE_CHECKING:
    from django.db.models import QuerySet

PARTIES = 200
"""How many clients or users one word of a search may stand for."""


def user_name_fields() -> tuple[str, ...]:
    """Return the fields that name a user: the sign-in name, and the address where it exists."""
    model = get_user_model()
    names = [model.USERNAME_FIELD]
    email = model.get_email_field_name()
    try:
        model._meta.get_field(email)
    except FieldDoesNotExist:
        return tuple(names)
    return tuple(dict.fromkeys([*names, email]))


def users_named(text: str) -> QuerySet[Any]:
    """Return the users whose sign-in name or address begins with a text."""
    condition = Q()
    for field in user_name_fields():
        condition |= Q(**{f"{field}__istartswith": text})
    return get_user_model()._default_manager.filter(condition)


def user_named(text: str) -> Any | None:
    """Return the one user with a sign-in name, address or primary key; None for nobody."""
    users = get_user_model()._default_manager
    for field in user_name_fields():
        found = list(users.filter(**{field: text})[:2])
        if len(found) == 1:
            return found[0]
    try:
        return users.filter(pk=text).first()
    except (TypeError, ValueError, OverflowError):
        return None


def clients_named(text: str) -> QuerySet[Any]:
    """Return the clients with a text in their name, or whose identifier begins with it."""
    found: QuerySet[Any] = application_model()._default_manager.filter(
        Q(client_id__istartswith=text) | Q(name__icontains=text)
    )
    return found


def client_keys(text: str) -> list[Any]:
    """Return the key of the client with this very id; of those with such a name where none has it.

    A link from a client to its rows leads to no other client's, whatever that is called.
    """
    known = application_model()._default_manager.filter(client_id=text)
    exact = list(known.values_list("pk", flat=True))
    return exact or list(clients_named(text).values_list("pk", flat=True)[:PARTIES])


def search_parties(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Return the rows whose user or client answers to every word of a search.

    Parties are looked up first, a bounded number of each: the big table is entered by index.
    """
    for word in text.split()[:5]:
        clients = list(clients_named(word).values_list("pk", flat=True)[:PARTIES])
        users = list(users_named(word).values_list("pk", flat=True)[:PARTIES])
        queryset = queryset.filter(Q(application__in=clients) | Q(user__in=users))
    return queryset
