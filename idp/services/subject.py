"""Users as the ledger knows them: a random key, the end of their chain, and an epoch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F

from idp.models import Subject


def subject_of(user: Any) -> Subject:
    """Return the user's subject, made on first use; two callers at once get the same one.

    Raises:
        ValueError: the user is not saved.
    """
    if getattr(user, "pk", None) is None:
        raise ValueError("only a saved user has a place in the ledger")
    subject, _created = Subject.objects.get_or_create(user_id=user.pk)
    return subject


def lock_subject(user: Any) -> Subject:
    """Return the user's subject with its row locked until the transaction ends.

    The row is the lock of the user's chain. It is taken after every other lock, so that nobody who
    holds it waits for anything else.

    Raises:
        ValueError: the user is not saved.
        django.db.transaction.TransactionManagementError: there is no transaction.
    """
    locked = Subject.objects.select_for_update()
    subject = locked.filter(user_id=user.pk).first() if user.pk is not None else None
    return subject or locked.get(pk=subject_of(user).pk)


def lock_subjects(users: Iterable[Any]) -> dict[Any, Subject]:
    """Return the subjects of users by the users' keys, with their rows locked in one order.

    Raises:
        ValueError: a user is not saved.
    """
    known = {user.pk: user for user in users}
    rows = Subject.objects.select_for_update().filter(user__in=known).order_by("pk")
    found = {subject.user_id: subject for subject in rows}
    if len(found) < len(known):
        for key in known.keys() - found.keys():
            subject_of(known[key])
        found = {subject.user_id: subject for subject in rows.all()}
    return found


def user_epoch(user: Any) -> int:
    """Return the epoch that authorizations of the user are born under; 0 before the first event."""
    return Subject.objects.filter(user_id=user.pk).values_list("epoch", flat=True).first() or 0


@transaction.atomic(savepoint=False)
def raise_user_epoch(user: Any) -> int:
    """Make every authorization of the user that exists now worthless; return the new epoch."""
    subject = subject_of(user)
    Subject.objects.filter(pk=subject.pk).update(epoch=F("epoch") + 1)
    return Subject.objects.values_list("epoch", flat=True).get(pk=subject.pk)
