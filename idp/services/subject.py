"""Users as the ledger knows them: a random key, the end of their chain, and an epoch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F

from idp.models import Subject
from idp.models.expression import among

NOT_SAVED = "only a saved user has a place in the ledger"


def subject_of(user: Any) -> Subject:
    """Return the user's subject, made on first use; two callers at once get the same one.

    Raises:
        ValueError: the user is not saved.
    """
    if getattr(user, "pk", None) is None:
        raise ValueError(NOT_SAVED)
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
    if user.pk is None:
        raise ValueError(NOT_SAVED)
    locked = Subject.objects.select_for_update().filter(user_id=user.pk)
    subject = locked.first()
    if subject is None:
        # Somebody else may make it at the same time; a row that is there then stays as it is.
        Subject.objects.bulk_create([Subject(user_id=user.pk)], ignore_conflicts=True)
        subject = locked.get()
    return subject


def lock_subjects(users: Iterable[Any]) -> dict[Any, Subject]:
    """Return the subjects of saved users by the users' keys, with their rows locked in one order.

    Args:
        users: keys of the users.
    """
    keys = set(users)
    rows = Subject.objects.select_for_update().filter(among(Subject, "user", keys)).order_by("pk")
    found = {subject.user_id: subject for subject in rows}
    if missing := keys - found.keys():
        # Somebody else may make them at the same time; a row that is there then stays as it is.
        new = [Subject(user_id=key) for key in missing]
        Subject.objects.bulk_create(new, ignore_conflicts=True)
        found = {subject.user_id: subject for subject in rows.all()}
    return found


def move_heads(subjects: Iterable[Subject]) -> None:
    """Store where the chains of locked subjects end now, in one statement.

    An insertion that always meets its own row is an update whose cost grows with the rows alone,
    not with their square as that of one long ``CASE`` does.
    """
    Subject.objects.bulk_create(
        list(subjects),
        update_conflicts=True,
        unique_fields=("id",),
        update_fields=("head_sequence", "head_digest"),
    )


def user_epoch(user: Any) -> int:
    """Return the epoch that authorizations of the user are born under; 0 before the first event."""
    return Subject.objects.filter(user_id=user.pk).values_list("epoch", flat=True).first() or 0


@transaction.atomic(savepoint=False)
def raise_user_epoch(user: Any) -> int:
    """Make every authorization of the user that exists now worthless; return the new epoch."""
    subject = subject_of(user)
    Subject.objects.filter(pk=subject.pk).update(epoch=F("epoch") + 1)
    return Subject.objects.values_list("epoch", flat=True).get(pk=subject.pk)
