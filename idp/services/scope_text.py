"""The words for people about a scope; every change of them counts as a new version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.db.models import Max

from idp.models import ConsentScope, Scope, ScopeText
from idp.services.change import FieldChange, Refused, model_faults


class Text(NamedTuple):
    """Words in one language: what the client can do, and one sentence of consequence."""

    title: str
    description: str = ""


def write_texts(scope: Scope, texts: Mapping[str, Text], *, prune: bool) -> list[FieldChange]:
    """Store the words of a scope; the caller holds the catalogue's lock and gives it a version.

    Args:
        scope: the saved row.
        texts: language code to words.
        prune: whether other languages are removed.

    Returns:
        What changed.

    Raises:
        Refused: a language or text is empty or too long.
    """
    rows = {row.language: row for row in ScopeText.objects.filter(scope=scope)}
    changes: list[FieldChange] = []
    for language, text in texts.items():
        row = rows.get(language)
        old = None if row is None else Text(row.title, row.description)
        if old != text:
            _write(scope, language, text, row)
            changes.append(FieldChange(f"text.{language}", old and tuple(old), tuple(text)))
    for language in sorted(set(rows) - set(texts)) if prune else ():
        row = rows[language]
        changes.append(FieldChange(f"text.{language}", (row.title, row.description), None))
        row.delete()
    return changes


def _write(scope: Scope, language: str, text: Text, row: ScopeText | None) -> None:
    if row is None:
        row = ScopeText(scope=scope, language=language, version=_first_version(scope, language))
    else:
        row.version += 1
    row.title, row.description = text
    problems = list(model_faults(row))
    if problems:
        raise Refused((f"text.{language}.{key}", reason) for key, reason in problems)
    row.save()


def _first_version(scope: Scope, language: str) -> int:
    """Return a version that nobody has agreed to, should the language have been there before."""
    agreed = ConsentScope.objects.filter(scope=scope.name, words_language=language)
    return (agreed.aggregate(last=Max("words_version"))["last"] or 0) + 1
