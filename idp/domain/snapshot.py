"""What a consent page shows, as plain values: the page is drawn from them, the ledger keeps them.

Because the page has no other source of words than this document, what is stored is what was shown.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Standing(StrEnum):
    """Where a permission stands for this person and client at the moment of asking."""

    NEW = "new"
    CHANGED = "changed"
    ALLOWED = "allowed"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class ShownScope:
    """One permission as the reader sees it.

    Attributes:
        name: scope token as on the wire.
        title: what it lets the client do, in the reader's language.
        description: one sentence of consequence; may be empty.
        words_version: version of the words of ``language`` that are shown.
        language: language code of the words, which may be a fallback.
        sensitivity: ``basic``, ``sensitive`` or ``restricted``.
        standing: new, changed, already allowed, or unavailable.
        optional: whether the reader can decline it with a switch.
        chosen: state of the switch when the page opens.
        note: why it is required, unavailable, sensitive, or what changed; may be empty.
        implies: titles of the permissions that this one includes.
        implied_scopes: names of the permissions that this one includes.
        policy: name of the policy that ruled, or empty.
        policy_revision: revision of that policy, 0 without one.
        previous_title: the title agreed to before, when words changed; else empty.
    """

    name: str
    title: str
    description: str = ""
    words_version: int = 0
    language: str = "en"
    sensitivity: str = "basic"
    standing: Standing = Standing.NEW
    optional: bool = False
    chosen: bool = True
    note: str = ""
    implies: tuple[str, ...] = ()
    implied_scopes: tuple[str, ...] = ()
    policy: str = ""
    policy_revision: int = 0
    previous_title: str = ""


@dataclass(frozen=True, slots=True)
class ShownApi:
    """The permissions of one protected resource, in the order in which they are shown."""

    identifier: str
    name: str
    scopes: tuple[ShownScope, ...] = ()

    def standing(self, *standings: Standing) -> tuple[ShownScope, ...]:
        """Return the permissions with one of the given standings."""
        return tuple(scope for scope in self.scopes if scope.standing in standings)


@dataclass(frozen=True, slots=True)
class ShownClient:
    """Who asks.

    Attributes:
        client_id: identifier on the wire.
        name: display name as registered.
        verified: whether the site vouches for the client.
        development: whether the client is registered for development only.
        first_party: whether the client belongs to the site itself.
        logo: SHA-256 of the stored logo, only for verified clients; else empty.
        uri, policy_uri, tos_uri: links about the client, else empty.
    """

    client_id: str
    name: str
    verified: bool = False
    development: bool = False
    first_party: bool = False
    logo: str = ""
    uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""


@dataclass(frozen=True, slots=True)
class ConsentDocument:
    """Everything that stands on one consent page.

    Attributes:
        client: who asks.
        account: the name under which the reader is signed in.
        language: language code of the page.
        return_host: host that the answer goes to; empty when it stays on the device.
        on_device: whether the answer goes to an app on the reader's device (loopback or
            private-use URI).
        apis: permissions grouped by protected resource.
        ends_at: ISO 8601 date-time at which the consent ends by policy, or empty for "until you
            take it back".
        durations: durations that the reader may choose from (``once``, ``30d``,
            ``until_revoked``); empty for no choice.
        reason: code of why the page is shown.
    """

    client: ShownClient
    account: str
    language: str
    return_host: str = ""
    on_device: bool = False
    apis: tuple[ShownApi, ...] = ()
    ends_at: str = ""
    durations: tuple[str, ...] = ()
    reason: str = ""
    version: int = field(default=1)

    @property
    def scopes(self) -> tuple[ShownScope, ...]:
        """Return every permission on the page, in page order."""
        return tuple(scope for api in self.apis for scope in api.scopes)

    def grantable(self) -> frozenset[str]:
        """Return the scope names that Allow may grant: all shown ones that are available."""
        return frozenset(s.name for s in self.scopes if s.standing is not Standing.UNAVAILABLE)

    def required(self) -> frozenset[str]:
        """Return the scope names that Allow always grants, because they carry no switch."""
        return frozenset(
            s.name for s in self.scopes if s.standing is not Standing.UNAVAILABLE and not s.optional
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the document as JSON-ready values (str, int, bool, list, dict)."""
        data: dict[str, Any] = _plain(asdict(self))
        return data


def document_from_dict(data: dict[str, Any]) -> ConsentDocument:
    """Return the document that ``as_dict`` gave.

    Raises:
        KeyError, TypeError, ValueError: the data is not such a document.
    """
    apis = tuple(
        ShownApi(
            api["identifier"],
            api["name"],
            tuple(
                ShownScope(
                    **{
                        **scope,
                        "standing": Standing(scope["standing"]),
                        "implies": tuple(scope["implies"]),
                        "implied_scopes": tuple(scope["implied_scopes"]),
                    }
                )
                for scope in api["scopes"]
            ),
        )
        for api in data["apis"]
    )
    rest = {**data, "apis": apis, "durations": tuple(data["durations"])}
    return ConsentDocument(**{**rest, "client": ShownClient(**data["client"])})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value
