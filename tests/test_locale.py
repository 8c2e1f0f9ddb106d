"""The translations: complete, faithful to their placeholders, and compiled as they are written."""

from __future__ import annotations

import ast
import gettext
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.utils.translation import gettext as translate
from django.utils.translation import override

from tests.requirement import defect
from tools.messages import (
    CATALOGUES,
    LANGUAGES,
    ROOT,
    mute_sentences,
    sentences,
    sentences_of,
)

FORMS = {"de": 2, "ar": 6}
CASES = [(folder, language) for folder in CATALOGUES for language in LANGUAGES]
EVERY = pytest.mark.parametrize(
    ("folder", "language"), CASES, ids=[f"{f.name}-{n}" for f, n in CASES]
)
_PIECE = re.compile(r"%\(\w+\)[sd]|</?[a-z]+")


@dataclass
class Entry:
    """One entry of a catalogue, with its fields by their names in the file."""

    fuzzy: bool = False
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def translations(self) -> list[str]:
        return [text for name, text in self.fields.items() if name.startswith("msgstr")]

    @property
    def originals(self) -> list[str]:
        return [self.fields[name] for name in ("msgid", "msgid_plural") if name in self.fields]


def place(folder: Path, language: str) -> Path:
    return folder / "locale" / language / "LC_MESSAGES" / "django.po"


def read(path: Path) -> list[Entry]:
    """The entries of a catalogue, without its header."""
    return [entry(block) for block in path.read_text("utf-8").split("\n\n")][1:]


def entry(block: str) -> Entry:
    found, name = Entry(), ""
    for line in filter(None, block.splitlines()):
        if line.startswith("#"):
            found.fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        if not line.startswith('"'):
            name, line = line.split(" ", 1)
        found.fields[name] = found.fields.get(name, "") + ast.literal_eval(line)
    return found


def pieces(text: str) -> Counter[str]:
    return Counter(_PIECE.findall(text))


@EVERY
def test_nothing_is_missing_or_unsure(folder, language):
    entries = read(place(folder, language))

    assert len(entries) > 50
    assert [e.fields["msgid"] for e in entries if e.fuzzy or not all(e.translations)] == []


@EVERY
def test_placeholders_and_tags_are_those_of_the_english(folder, language):
    for one in read(place(folder, language)):
        allowed = [pieces(text) for text in one.originals]
        for text in one.translations:
            assert pieces(text) in allowed or (
                # "One place" needs no number: a plural form may leave its number out.
                len(allowed) == 2 and pieces(text) < allowed[1]
            ), text


@EVERY
def test_every_plural_has_all_forms_of_its_language(folder, language):
    for one in read(place(folder, language)):
        assert len(one.translations) == (FORMS[language] if len(one.originals) == 2 else 1)


@EVERY
def test_what_is_compiled_is_what_is_written(folder, language):
    path = place(folder, language)
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    catalogue = {key: text for key, text in compiled._catalog.items() if key != ""}
    written = {}
    for one in read(path):
        original = one.fields["msgid"]
        if context := one.fields.get("msgctxt"):
            original = f"{context}\x04{original}"
        if "msgid_plural" in one.fields:
            written |= {(original, n): text for n, text in enumerate(one.translations)}
        else:
            written[original] = one.translations[0]

    assert catalogue == written


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_a_rule_is_in_the_catalogue(language):
    known = {one.fields["msgid"] for one in read(place(ROOT / "idp", language))}

    assert sorted({text for _, text in sentences()} - known) == []


def test_no_sentence_begins_so_that_it_would_be_missed():
    assert list(mute_sentences()) == []


def test_sentences_are_found_where_no_mark_is():
    source = '"""What it is. For."""\nA = Rule("code", "The name %(name)s is taken.")\nB = "key"\n'

    assert list(sentences_of(source)) == ["The name %(name)s is taken."]


def test_marked_and_composed_texts_are_left_to_others():
    source = 'A = gettext("It is marked here.")\nB = f"The name {name} is taken."\n'

    assert list(sentences_of(source)) == []


@defect(24)
@pytest.mark.parametrize(("language", "word"), [("de", "Erlauben"), ("ar", "سماح")])
def test_a_page_finds_its_words(language, word):
    with override(language):
        assert translate("Allow") == word
