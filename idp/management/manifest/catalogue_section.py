"""The sections ``apis``, ``policies`` and ``scopes`` of a file."""

from __future__ import annotations

import re

from idp.management.manifest.entry import ApiEntry, PolicyEntry, ScopeEntry
from idp.management.manifest.reader import Reader, WrongType, flag, seconds, text, texts
from idp.services.scope_text import Text

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def read_api(reader: Reader) -> ApiEntry:
    """Return one entry of ``apis``."""
    return ApiEntry(
        place=reader.place,
        identifier=reader.need("identifier", text, ""),
        name=reader.need("name", text, ""),
        resource_servers=reader.get("resource_servers", texts, ()),
        access_token_format=reader.get("access_token_format", text, ""),
    )


def read_policy(reader: Reader) -> PolicyEntry:
    """Return one entry of ``policies``; every absent key has the default of its field."""
    name = reader.need("name", text, "")
    users = reader.sub("users")
    groups = users.get("groups", texts)
    grant_types = reader.get("grant_types", texts)
    values = {
        "description": reader.get("description", text, ""),
        "sensitivity": reader.get("sensitivity", text, "basic"),
        "clients": reader.get("clients", text, "any"),
        "groups": None if groups is None else sorted(set(groups)),
        "permission": users.get("permission", text, ""),
        "user_check": users.get("check", text, ""),
        "grant_types": None if grant_types is None else sorted(set(grant_types)),
        "consent": reader.get("consent", text, "remember"),
        "consent_lifetime": reader.get("consent_lifetime", seconds),
        "optional": reader.get("optional", flag, False),
        "choose_duration": reader.get("choose_duration", flag, False),
        "max_authentication_age": reader.get("max_authentication_age", seconds),
        "acr_values": list(reader.get("acr_values", texts, ())),
        "access_token_lifetime": reader.get("access_token_lifetime", seconds),
        "refresh": reader.get("refresh", flag, True),
        "refresh_token_lifetime": reader.get("refresh_token_lifetime", seconds),
        "refresh_token_idle_lifetime": reader.get("refresh_token_idle_lifetime", seconds),
        "approver_differs": reader.get("approver_differs", flag, True),
    }
    users.finish()
    return PolicyEntry(place=reader.place, name=name, values=values)


def read_scope(reader: Reader) -> ScopeEntry:
    """Return one entry of ``scopes``."""
    return ScopeEntry(
        place=reader.place,
        name=reader.need("name", text, ""),
        api=reader.need("api", text, ""),
        policy=reader.get("policy", text, ""),
        active=reader.get("active", flag, True),
        public=reader.get("public", flag, True),
        default=reader.get("default", flag, False),
        implies=reader.get("implies", texts, ()),
        text=_read_words(reader.sub("text")),
    )


def _read_words(reader: Reader) -> dict[str, Text]:
    words = {}
    for language in reader.names():
        if not _LANGUAGE.fullmatch(language):
            reader.note(
                language, "bad_language", "A language is written as “en” or “pt-br”.", "RFC 5646"
            )
            continue
        entry = reader.sub(language)
        title = entry.need("title", _title, "-")
        words[language] = Text(title, entry.get("description", text, ""))
        entry.finish()
    return words


def _title(value: object) -> str:
    title = text(value)
    if not title.strip():
        raise WrongType("a text that says something")
    return title
