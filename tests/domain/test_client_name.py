"""Names that may not stand on a consent page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.client import inspect_name
from idp.domain.client_name import mixes_scripts, skeleton
from idp.domain.decision import Severity

SITE = "Example Mail"


def codes(name, **facts):
    return [reason.code for reason in inspect_name(name, SITE, **facts)]


@pytest.mark.parametrize(
    "name",
    [
        "Photo Print",
        "Café Zürich",
        "写真プリント",
        "تطبيق الصور",
        "می\u200cخواهم",
        "Family 👨\u200d👩\u200d👧",
        "Mail",
        "Examples",
        "R2-D2",
    ],
)
def test_an_ordinary_name_in_any_script_is_fine(name):
    assert codes(name) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_empty"),
        ("   ", "name_empty"),
        ("-- !", None),
        ("\u200d", "name_empty"),
        ("...", "name_empty"),
        (" App", "name_padded"),
        ("App\u00a0", "name_padded"),
        ("A" * 101, "name_too_long"),
        ("A" * 100, None),
        ("App\x00", "name_invisible_character"),
        ("App\nAllow", "name_invisible_character"),
        ("App\u202egnp", "name_invisible_character"),
        ("App\u2066x", "name_invisible_character"),
        ("App\u200f", "name_invisible_character"),
        ("App\u200b", "name_invisible_character"),
        ("App\u2028x", "name_invisible_character"),
        ("App\ud800", "name_invisible_character"),
        ("App\ue000", "name_invisible_character"),
        ("App\U000e0041", "name_invisible_character"),
    ],
)
def test_a_name_that_people_cannot_read_as_it_is(name, code):
    found = codes(name)
    assert (code in found) if code else not found


def test_the_invisible_character_is_named():
    (found,) = inspect_name("App\u202ex", SITE)
    assert found.message == "A client's name cannot have the invisible character U+202E."


@pytest.mark.parametrize(
    "name",
    [
        "Example Mail",
        "example-mail",
        "EXAMPLEMAIL",
        "Exаmple Mаil",  # Cyrillic а
        "Ехamplе Mail",  # Cyrillic Е, х and е
        "Examp1e Mai1",
        "Example Ma!l",
        "Exαmple Mail",  # Greek α
        "Exámple Máil",
        "Exa\u200dmple Mail",
        "Ｅｘａｍｐｌｅ Ｍａｉｌ",
        "Exarnple Mail",
        "𝐄𝐱𝐚𝐦𝐩𝐥𝐞 𝐌𝐚𝐢𝐥",
        "ExampIe Mail",  # capital i
        "Example Mail!!",
        "Example Mai!",
    ],
)
def test_a_name_that_looks_like_the_sites_own_is_refused(name):
    found = inspect_name(name, SITE)
    assert [(r.code, r.severity) for r in found] == [("name_of_the_site", Severity.ERROR)]


@pytest.mark.parametrize(
    "name", ["Example Mail Support", "Login for Exаmple Mail", "My ExampleMail"]
)
def test_a_name_with_the_sites_own_in_it_warns(name):
    found = inspect_name(name, SITE)
    assert [(r.code, r.severity) for r in found] == [("name_with_the_site", Severity.WARNING)]


def test_the_sites_own_clients_may_carry_its_name():
    assert codes("Example Mail", first_party=True) == []
    assert codes("Example\x00 Mail", first_party=True) == ["name_invisible_character"]


@pytest.mark.parametrize("site", ["", " ", "..."])
def test_without_a_name_of_the_site_nothing_looks_like_it(site):
    assert inspect_name("App", site) == []


@pytest.mark.parametrize("letter", "оοօᴏσ๐໐0")
def test_every_letter_that_is_drawn_as_another_reads_as_that(letter):
    assert skeleton(f"Ph{letter}t{letter}") == skeleton("Photo")


@pytest.mark.parametrize("name", ["Priոt", "Pһoto", "Phоto Print", "Ph๐to", "Аpp"])
def test_a_word_in_several_alphabets_is_mixed(name):
    assert mixes_scripts(name)


@pytest.mark.parametrize(
    "name", ["Photo 2", "Tシャツ", "µTorrent", "Яндекс Photo", "ABC人事部", "Ａｐｐ", "Zürich", ""]
)
def test_scripts_that_are_written_together_are_not_mixed(name):
    assert not mixes_scripts(name)


@given(st.text(max_size=120), st.text(max_size=20))
def test_no_text_is_too_strange_to_judge(name, site):
    for reason in inspect_name(name, site):
        assert reason.message.endswith(".")
    assert mixes_scripts(name) in {True, False}


@given(st.text(st.characters(categories=["Ll", "Lu"]), min_size=1, max_size=20))
def test_a_site_never_lends_its_own_name(name):
    found = {reason.code for reason in inspect_name(name, name)}
    assert found & {"name_of_the_site", "name_empty"}
