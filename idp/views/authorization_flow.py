"""One authorization request on its way: what it says, what is proven, and how it may fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from idp.domain.decision import Reason
from idp.dot.gate import Submission
from idp.services.client import Client
from idp.services.event import Origin
from idp.services.site_scope import NO_OPINION, Offer

if TYPE_CHECKING:
    from idp.domain.resolution import Resolution
    from idp.models import AuthorizationRequest

RESOURCES = "resource"
CAME = "came"
"""Where a request that is kept again says when it first came; no parameter of that name is read."""
CHOOSING = "choosing"
"""Where a request says that its page lets somebody choose an account, and nothing else."""
SHOWN = "shown"
"""Where a request with a consent page names the sign-in that the page was shown to."""
KEPT = frozenset(
    {
        "client_id",
        "response_type",
        "response_mode",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "display",
        "ui_locales",
        "claims_locales",
        "login_hint",
        "acr_values",
        "id_token_hint",
        "claims",
    }
)
"""Parameters that are kept while a request waits; never what authenticates a client."""


class PageError(Exception):
    """Client or redirect URI is not proven: the error is a page, never a redirect."""

    def __init__(self, error: str, reason: Reason, detail: dict[str, Any] | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.reason = reason
        self.detail = detail or {}


class ClientError(Exception):
    """The request is refused, and its client hears of it at its redirect URI."""

    def __init__(self, error: str, reason: Reason) -> None:
        super().__init__(error)
        self.error = error
        self.reason = reason


@dataclass(slots=True)
class Flow:
    """One authorization request on its way through the checks.

    Attributes:
        submission: the parameters as they passed the gate.
        origin: where the request came from.
        now: one time for the whole request.
        client: the client, once proven.
        redirect_uri: where the answer goes, once proven.
        redirect_uri_sent: whether the request named it.
        offer: what the site's own code offers to the client.
        claims: the claims that are asked for by name.
        carriers: scopes that are asked for the sake of those claims alone.
        pushed: the pushed request that a browser brought, or None.
        came_at: when the request first came, where that was before ``now``; else None.
    """

    submission: Submission
    origin: Origin
    now: datetime
    client: Client | None = None
    redirect_uri: str = ""
    redirect_uri_sent: bool = True
    prompt: frozenset[str] = frozenset()
    max_age: timedelta | None = None
    scopes: frozenset[str] | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    carriers: frozenset[str] = frozenset()
    response_mode: str = "query"
    resolution: Resolution | None = None
    offer: Offer = NO_OPINION
    pushed: AuthorizationRequest | None = None
    came_at: datetime | None = None

    @property
    def since(self) -> datetime:
        """Return when the request first came, however often it waited since."""
        return self.came_at or self.now

    @property
    def proven(self) -> Client:
        """Return the proven client."""
        if self.client is None:
            raise AssertionError("asked for the client before it was proven")
        return self.client

    @property
    def asked(self) -> frozenset[str] | None:
        """Return every scope that is asked for, or None for the defaults."""
        return None if self.scopes is None else self.scopes | self.carriers

    def get(self, name: str) -> str:
        """Return a parameter, or an empty text."""
        return self.submission.get(name)


def kept_parameters(flow: Flow) -> dict[str, Any]:
    """Return the validated parameters as they are kept."""
    values = {name: value for name, value in flow.submission.values.items() if name in KEPT}
    came = {CAME: flow.came_at.isoformat()} if flow.came_at else {}
    return {**values, RESOURCES: list(flow.submission.resources), **came}


def restored_submission(kept: AuthorizationRequest) -> Submission:
    """Return the parameters of a request that was kept."""
    values = {
        name: value
        for name, value in kept.parameters.items()
        if name in KEPT and isinstance(value, str)
    }
    return Submission(values, tuple(kept.parameters.get(RESOURCES, ())))


def restored_flow(kept: AuthorizationRequest, origin: Origin, now: datetime) -> Flow:
    """Return the flow of a request that was kept."""
    came = kept.parameters.get(CAME)
    came_at = datetime.fromisoformat(came) if came else kept.created_at
    return Flow(restored_submission(kept), origin, now, pushed=kept.origin, came_at=came_at)
