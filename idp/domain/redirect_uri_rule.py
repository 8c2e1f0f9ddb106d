"""What a registration rule is, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from idp.domain import host as hosts
from idp.domain import uri
from idp.domain.decision import Reason, Severity

if TYPE_CHECKING:
    from datetime import datetime

PRODUCTION, DEVELOPMENT = "production", "development"
KINDS = frozenset({"web", "spa", "native", "service", "device", "agent"})
ON_DEVICE_KINDS = frozenset({"native", "agent"})
WEB_SCHEMES = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """One redirect URI that somebody wants to register, for whom, and where.

    Attributes:
        text: the URI exactly as entered or stored.
        parts: its components.
        kind: kind of the client.
        environment: ``development``; anything else is judged as production.
        allow_wildcard: whether the site lets development clients use one.
        wildcard_until: when the wildcard ends, aware; None refuses it.
        now: the present, aware; None refuses a wildcard.
        allowed_origins: origins of a single-page app, or None where they are not known yet.
    """

    text: str
    parts: uri.Parts
    kind: str
    environment: str
    allow_wildcard: bool = False
    wildcard_until: datetime | None = None
    now: datetime | None = None
    allowed_origins: frozenset[str] | None = None

    @property
    def scheme(self) -> str:
        """Return the scheme in lower case, empty without one."""
        return (self.parts.scheme or "").lower()

    @property
    def is_web(self) -> bool:
        """Return whether the scheme is http or https."""
        return self.scheme in WEB_SCHEMES

    @property
    def is_app(self) -> bool:
        """Return whether the client's kind runs on the user's own device."""
        return self.kind in ON_DEVICE_KINDS

    @property
    def has_wildcard_host(self) -> bool:
        """Return whether the only ``*`` is the whole leftmost label of an https host."""
        host = self.parts.host or ""
        return self.scheme == "https" and host.startswith("*.") and self.text.count("*") == 1

    @property
    def may_have_wildcard(self) -> bool:
        """Return whether site and environment allow this candidate's one wildcard label."""
        return self.allow_wildcard and self.environment == DEVELOPMENT and self.has_wildcard_host

    @property
    def host(self) -> str:
        """Return an http or https URI's host without its allowed wildcard label, else empty."""
        host = (self.parts.host or "") if self.is_web else ""
        return host.removeprefix("*.") if self.may_have_wildcard else host

    @property
    def name(self) -> str:
        """Return the host in lower case if it is a well-formed name, else empty."""
        return self.host.lower() if self.host and hosts.is_name(self.host) else ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of registration.

    Attributes:
        code: stable name of the finding.
        severity: how bad a breach is in production.
        text: the finding as a sentence with its remedy, with named placeholders.
        reference: the clause that it rests on.
        broken_by: returns the values of the sentence for a breach; True where it has none; else
            None or False.
        in_development: how bad a breach is in development, where that differs.
    """

    code: str
    severity: Severity
    text: str
    reference: str
    broken_by: Callable[[Candidate], Mapping[str, object] | bool | None]
    in_development: Severity | None = None

    def judge(self, candidate: Candidate) -> Reason | None:
        """Return the finding, or None where the candidate keeps the rule."""
        broken = self.broken_by(candidate)
        if broken is None or broken is False:
            return None
        reason = Reason(self.code, self.severity, self.text, self.reference)
        if self.in_development is not None and candidate.environment == DEVELOPMENT:
            reason = replace(reason, severity=self.in_development)
        return reason if broken is True else replace(reason, params=broken)


def piece(text: str) -> str:
    """Return an offending piece of a URI as it may stand in a sentence."""
    return uri.shorten(text, 60)
