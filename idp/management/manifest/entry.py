"""The entries of a file, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.management.manifest.problem import Place
from idp.services.client_spec import ClientSpec
from idp.services.scope_text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiEntry:
    """A protected resource."""

    place: Place
    identifier: str
    name: str
    resource_servers: tuple[str, ...] = ()
    access_token_format: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEntry:
    """A policy; ``values`` has every field of the row that a file can say, defaults included."""

    place: Place
    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeEntry:
    """A scope with its words by language."""

    place: Place
    name: str
    api: str
    policy: str = ""
    active: bool = True
    public: bool = True
    default: bool = False
    implies: tuple[str, ...] = ()
    text: Mapping[str, Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretEntry:
    """A secret of a client: the variable that holds it, or only the label of one that exists."""

    label: str
    env: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEntry:
    """A client and its secrets."""

    place: Place
    spec: ClientSpec
    secrets: tuple[SecretEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A whole file.

    Attributes:
        apis, policies, scopes, clients: the entries that could be read.
        named: section to the ids that it names, also those of entries that could not be read. A
            section that the file does not have is not in here and is never pruned.
    """

    apis: tuple[ApiEntry, ...] = ()
    policies: tuple[PolicyEntry, ...] = ()
    scopes: tuple[ScopeEntry, ...] = ()
    clients: tuple[ClientEntry, ...] = ()
    named: Mapping[str, frozenset[str]]
