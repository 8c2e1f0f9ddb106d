"""Names of clients: what may not stand on a consent page."""

from __future__ import annotations

import hashlib
import unicodedata
from types import MappingProxyType
from typing import TYPE_CHECKING

from idp.domain.decision import Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_NAME = 100
LONGEST_SKELETON = 255

# Joiners carry meaning in Persian, in Indic scripts and in emoji, so they alone may be invisible.
_JOINERS = frozenset("\u200c\u200d")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters of other scripts, digits and signs that a quick reader takes for Latin letters.
_TWINS = str.maketrans(
    {
        **dict(zip("авсԁеѕіјкӏмнорԛтухѡԝьѵ", "abcdesijklmhopqtyxwwbv", strict=True)),
        **dict(zip("αβγεηικνορτυχωϲ", "abyenikvoptuxwc", strict=True)),
        **dict(zip("օոհսցքӏһσ๐໐", "onhugqihooo", strict=True)),
        **dict(zip("0135$@|!", "oiessaii", strict=True)),
        "l": "i",
        "ı": "i",
        "ł": "i",
        "ø": "o",
        "đ": "d",
        "ħ": "h",
        "ᴏ": "o",
        "ƿ": "p",
    }
)
# Japanese, Chinese and Korean are written with Latin letters among their own; and some signs are
# letters by category alone.
_WRITTEN_WITH_LATIN = frozenset(
    {
        *("LATIN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "FULLWIDTH", "HALFWIDTH"),
        *("MICRO", "FEMININE", "MASCULINE", "OHM", "KELVIN", "ANGSTROM"),
    }
)
_GROUPS = (("rn", "m"), ("vv", "w"), ("ci", "d"))


def revision() -> str:
    """Return what changes with the tables behind ``skeleton``, and with Unicode's.

    Stored skeletons of another revision no longer compare with new ones.
    """
    tables = (sorted(_TWINS.items()), _GROUPS, unicodedata.unidata_version)
    return hashlib.sha256(repr(tables).encode()).hexdigest()


def inspect_name(name: str, site_name: str, *, first_party: bool = False) -> list[Reason]:
    """Return what is wrong with a client's name; an empty list is fine.

    Args:
        name: as it would stand on the consent page.
        site_name: name of the site that asks for consent; empty skips the comparison.
        first_party: whether the client belongs to the site and may carry its name.

    Source: RFC 6749 §10.2; RFC 7591 §5; Unicode Technical Standard 39 §4.
    """
    return [*_form_findings(name), *(() if first_party else _likeness_findings(name, site_name))]


def skeleton(text: str) -> str:
    """Return what is left of a text for a quick reader: looks alike, reads alike."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = (c for c in plain if unicodedata.category(c)[0] not in "MCZ")
    drawn = "".join(letters).translate(_TWINS)
    for group, letter in _GROUPS:
        drawn = drawn.replace(group, letter)
    kept = (c for c in drawn if unicodedata.category(c)[0] in "LN")
    return "".join(kept)


def stored_skeleton(name: str) -> str:
    """Return the skeleton of a name as far as it is kept."""
    return skeleton(name)[:LONGEST_SKELETON]


def likenesses(name: str) -> frozenset[str]:
    """Return the skeletons that a name may be taken for; none of a name without letters.

    A mark at the end is either a letter in disguise or only a mark.
    """
    return frozenset({stored_skeleton(name), stored_skeleton(name.rstrip("!|"))} - {""})


def mixes_scripts(name: str) -> bool:
    """Return whether a word has Latin letters and such of a script that is not written with them.

    Source: Unicode Technical Standard 39 §5.1 and §5.2 (highly restrictive).
    """
    return any(_is_mixed(word) for word in name.split())


def _is_mixed(word: str) -> bool:
    letters = (c for c in word if unicodedata.category(c)[0] == "L")
    digits = (c for c in word if unicodedata.category(c) == "Nd" and not c.isascii())
    scripts = {_script(c) for c in (*letters, *digits)}
    return "LATIN" in scripts and not scripts <= _WRITTEN_WITH_LATIN


def _script(character: str) -> str:
    """Return the script of a letter, which is how its name in Unicode begins."""
    return unicodedata.name(character, "UNKNOWN").replace("-", " ").split(" ")[0]


def _form_findings(name: str) -> Iterator[Reason]:
    if not skeleton(name):
        yield _error("name_empty", "A client needs a name that people can read.")
    if name != name.strip():
        yield _error("name_padded", "A client's name begins and ends with a visible character.")
    if len(name) > LONGEST_NAME:
        text = "A client's name has at most %(longest)s characters."
        yield _error("name_too_long", text, longest=LONGEST_NAME)
    hidden = [c for c in name if unicodedata.category(c) in _INVISIBLE and c not in _JOINERS]
    if hidden:
        text = "A client's name cannot have the invisible character %(character)s."
        yield _error("name_invisible_character", text, character=f"U+{ord(hidden[0]):04X}")


def _likeness_findings(name: str, site_name: str) -> Iterator[Reason]:
    site = skeleton(site_name)
    if not site:
        return
    words = [skeleton(word) for word in name.split()]
    if site in likenesses(name):
        text = "The name is the one of this site, or looks like it."
        yield _error("name_of_the_site", text)
    elif any(
        "".join(words[start:end]) == site
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
    ):
        text = "The name has the one of this site in it: people may take the client for the site."
        yield Reason("name_with_the_site", Severity.WARNING, text, "RFC 6749 §10.2")


def _error(code: str, text: str, **params: object) -> Reason:
    return Reason(code, Severity.ERROR, text, "RFC 7591 §5", MappingProxyType(params))
