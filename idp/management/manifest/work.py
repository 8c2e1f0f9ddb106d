"""What applying a file has found and done so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from idp.domain.decision import Reason, Severity
from idp.management.manifest.entry import Manifest
from idp.management.manifest.problem import Place, Problem, problem
from idp.services.change import FieldChange, Refused
from idp.services.client_entry import plain


@dataclass(slots=True)
class Change:
    """One entry that is created, updated, retired or deleted.

    Attributes:
        entry: its place in the file, or the section where the file does not name it.
        id: its name.
        action: ``create``, ``update``, ``retire`` or ``delete``.
        fields: key to old and new value, JSON-ready; never a secret.
    """

    entry: str
    id: str
    action: str
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the change as JSON-ready values."""
        fields = {key: {"old": old, "new": new} for key, (old, new) in self.fields.items()}
        return {"entry": self.entry, "id": self.id, "action": self.action, "fields": fields}


@dataclass(slots=True)
class Work:
    """The application of one file.

    Attributes:
        manifest: the entries.
        environ: where secrets are read from.
        prune: whether what the file does not name is removed.
        by: who acts, for the events.
        now: the time.
        errors, warnings: what was found.
        changes: what was done, by section and name.
    """

    manifest: Manifest
    environ: Mapping[str, str]
    prune: bool
    by: Any
    now: datetime
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    changes: dict[tuple[str, str], Change] = field(default_factory=dict)
    unreadable: frozenset[tuple[str, str]] = frozenset()

    def __post_init__(self) -> None:
        """Remember which keys could not be read."""
        self.unreadable = frozenset((e.entry, e.key.partition(".")[0]) for e in self.errors)

    @contextmanager
    def entry(self, place: Place, keys: Mapping[str, str] | None = None) -> Iterator[None]:
        """Do what one entry wants; what the rules refuse is noted and undone.

        Args:
            place: where the entry stands.
            keys: names of fields that are called otherwise in the file.
        """
        try:
            with transaction.atomic():
                yield
        except Refused as error:
            for key, reason in error.errors:
                name = (keys or {}).get(key, key)
                if self._said_elsewhere(reason.code, reason.params) or self._said(place, name):
                    continue
                self.errors.append(problem(place, name, reason))

    def note(
        self, place: Place, action: str, changes: Iterable[FieldChange], *, even: bool = False
    ) -> None:
        """Note what an entry changed; several notes of one entry become one change."""
        fields = {change.field: (plain(change.old), plain(change.new)) for change in changes}
        if not fields and not even:
            return
        key = (place.entry, place.id)
        known = self.changes.setdefault(key, Change(place.entry, place.id, action))
        known.fields.update(fields)

    def refuse(self, place: Place, key: str, code: str, text: str, **params: object) -> None:
        """Note an error of an entry."""
        reason = Reason(code, Severity.ERROR, text, params=params)
        self.errors.append(problem(place, key, reason))

    def warn(self, place: Place, key: str, code: str, text: str, **params: object) -> None:
        """Note what an operator should know about an entry."""
        reason = Reason(code, Severity.WARNING, text, params=params)
        self.warnings.append(problem(place, key, reason))

    def names(self, section: str, name: str) -> bool:
        """Return whether the file has such an entry, readable or not."""
        return name in self.manifest.named.get(section, frozenset())

    def _said(self, place: Place, key: str) -> bool:
        """Return whether a key of the entry was unreadable, so that nothing else is said of it."""
        return (place.entry, key.partition(".")[0]) in self.unreadable

    def _said_elsewhere(self, code: str, params: Mapping[str, object]) -> bool:
        """Return whether a missing scope is missing only because its own entry is wrong."""
        return code == "unknown_scope" and self.names("scopes", str(params.get("scope", "")))
