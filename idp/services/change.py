"""What every change by an operator, a file or the site's code has in common."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field, Model
from django.utils.translation import override

from idp.domain.decision import Reason, Severity
from idp.services.event import record_event


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that a change gives another value."""

    field: str
    old: object
    new: object


class Refused(ValueError):
    """A change that breaks rules; nothing of it is stored.

    Attributes:
        errors: pairs of the key concerned and the reason, all at once.
    """

    def __init__(self, errors: Iterable[tuple[str, Reason]]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{key}: {reason.message}" for key, reason in self.errors))


def fault(code: str, text: str, reference: str = "", **params: object) -> Reason:
    """Return a reason that refuses."""
    return Reason(code, Severity.ERROR, text, reference, params)


def words(value: object) -> str:
    """Return a value of a field as people read it; a dash for none."""
    if isinstance(value, Mapping):
        return words([f"{key}: {item}" for key, item in value.items()])
    if isinstance(value, list | tuple | set | frozenset) and not hasattr(value, "_fields"):
        return words(", ".join(sorted(map(str, value))))
    return "–" if value in (None, "") else str(value)


def field_changes(row: Model, fields: Sequence[str]) -> list[FieldChange]:
    """Return how a row in memory differs from the stored one; every set field for a new row."""
    stored = None if row._state.adding else type(row)._base_manager.filter(pk=row.pk).first()
    found = []
    for name in fields:
        field: Field[Any, Any] = row._meta.get_field(name)  # type: ignore[assignment]
        new = field.to_python(getattr(row, field.attname))
        old = getattr(stored, field.attname) if stored is not None else None
        if new != old and (stored is not None or new not in (None, "", [])):
            found.append(FieldChange(name, _shown(stored, name), _shown(row, name)))
    return found


def _shown(row: Model | None, name: str) -> object:
    """Return a field's value; of a relation the name of its target, which people know."""
    value = None if row is None else getattr(row, name)
    return str(value) if isinstance(value, Model) else value


def model_faults(row: Model, *, exclude: Iterable[str] = ()) -> Iterator[tuple[str, Reason]]:
    """Yield what the row's own fields and constraints have to say against it."""
    try:
        row.full_clean(exclude=set(exclude))
    except ValidationError as error:
        for key, problems in error.error_dict.items():
            for problem in problems:
                yield ("" if key == "__all__" else key), _reason(problem)


def _reason(problem: ValidationError) -> Reason:
    known = getattr(problem.__cause__, "reason", None)
    if isinstance(known, Reason):
        return known
    # In English, as every reason is: whoever shows it to people translates it.
    with override("en"):
        text, said = str(problem.message), " ".join(problem.messages)
        params = {name: _plain(value) for name, value in (problem.params or {}).items()}
    if not text:  # Django chooses between forms of number as it fills the sentence in
        text, params = "%(text)s", {"text": said}
    return Reason(str(problem.code or "invalid"), Severity.ERROR, text, params=params)


def _plain(value: object) -> object:
    return value if isinstance(value, int | float) else str(value)


def name_of(by: Any) -> str:
    """Return the name of who acted: a user's sign-in name, or what a command calls itself."""
    name = by.get_username() if hasattr(by, "get_username") else by or ""
    return str(name)[:255]


def record_change(
    kind: str,
    *,
    entry: str,
    changes: Iterable[FieldChange] = (),
    by: Any = None,
    client_id: str = "",
    reason: str = "",
    now: datetime | None = None,
) -> None:
    """Record a change of the site's rules; unlike requests from outside, each gets its own row.

    Who acted stands there by name as well, which outlives the user.

    Args:
        kind: dotted name such as ``scope.changed``.
        entry: what was changed, by name.
        changes: the fields, old and new.
        by: the user who acted, or None.
        client_id: the client concerned, if any.
        reason: why, in the words of who acted.
        now: the time; defaults to the clock.
    """
    fields = {change.field: f"{words(change.old)} → {words(change.new)}" for change in changes}
    said = {"entry": entry, "fields": fields, "by": name_of(by), "reason": reason}
    record_event(
        kind,
        severity="info",
        client_id=client_id,
        user=by if getattr(by, "pk", None) else None,
        detail={key: value for key, value in said.items() if value},
        distinct=uuid.uuid4().hex,
        now=now,
    )
