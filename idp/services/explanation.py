"""What a request would get and why: the real rules, run without a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from idp.domain import scope as rules
from idp.domain.consent import ConsentKind, decide
from idp.domain.party import SignInFacts
from idp.domain.redirect_uri import is_on_device
from idp.domain.resolution import Resolution
from idp.services.client import Client
from idp.services.consent_memory import recall, words_versions
from idp.services.redirect_uri import registered_uris
from idp.services.resolution import server_lifetimes, strict_catalogue
from idp.services.site_scope import offer_to, offered
from idp.services.user import user_facts

WITHOUT_USER = frozenset({"client_credentials"})
LONGEST_AGE_SECONDS = 3_153_600_000


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with every rule that led to it.

    Attributes:
        resolution: what the scope rules say.
        ask: scopes that the user would be asked for.
        error: OAuth error code, or None.
        grant_type: the one that was judged.
        enforced: False where site or client only report, so that nothing is refused.
    """

    resolution: Resolution
    ask: frozenset[str]
    error: str | None
    grant_type: str
    enforced: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the explanation as JSON-ready values."""
        lifetimes = self.resolution.lifetimes
        refresh = lifetimes.refresh if lifetimes.refreshable else None
        return {
            "error": self.error,
            "granted": sorted(self.resolution.granted),
            "ask": sorted(self.ask),
            "refused": [
                {
                    "scope": refusal.scope,
                    "code": refusal.reason.code,
                    "message": refusal.reason.message,
                    "reference": refusal.reason.reference,
                }
                for refusal in self.resolution.refused
            ],
            "access_token_lifetime": _seconds(lifetimes.access),
            "refresh_token_lifetime": None if refresh is None else _seconds(refresh),
            "rules": [
                {
                    "scope": rule.scope,
                    "rule": rule.rule,
                    "outcome": str(rule.outcome),
                    "saw": rule.saw,
                }
                for rule in self.resolution.rules
            ],
            "grant_type": self.grant_type,
            "enforced": self.enforced,
            "description": self.resolution.description,
        }


def explain(
    client: Client,
    *,
    user: Any,
    requested: frozenset[str] | None,
    now: datetime,
    grant_type: str | None = None,
    auth_age_seconds: int | None = None,
    acr: str = "",
) -> Explanation:
    """Return what a request would get if the rules refuse; nothing is recorded.

    Args:
        client: who would ask.
        user: who would give, or None for the client alone; ignored where a grant type has no user.
        requested: the scopes asked for, or None for the defaults.
        now: the time.
        grant_type: as on the wire; None for the one that the client is there for.
        auth_age_seconds: how long ago the user signed in; None for just now.
        acr: authentication context of that sign-in.
    """
    grant = grant_type or first_grant_type(client)
    giver = None if grant in WITHOUT_USER else user
    catalogue = offered(strict_catalogue(client), offer_to(client.application))
    resolution = rules.resolve(
        requested=requested,
        client=client.facts,
        user=None if giver is None else user_facts(giver, client.application, catalogue),
        sign_in=None if giver is None else _sign_in(auth_age_seconds, acr, now),
        catalogue=catalogue,
        grant_type=grant,
        now=now,
        lifetimes=server_lifetimes(),
    )
    ask = frozenset() if giver is None else _ask(client, giver, resolution, now)
    error = resolution.error
    if error is None and ask and grant == "refresh_token":
        error = "consent_required"
    return Explanation(resolution, ask, error, grant, client.enforces("scope"))


def first_grant_type(client: Client) -> str:
    """Return the grant type by which a client first gets tokens."""
    types = client.facts.grant_types
    for name in ("authorization_code", "client_credentials"):
        if name in types:
            return name
    return next(iter(sorted(types - {"refresh_token"})), "authorization_code")


def _sign_in(age: int | None, acr: str, now: datetime) -> SignInFacts:
    seconds = min(max(age or 0, 0), LONGEST_AGE_SECONDS // 2)
    return SignInFacts(at=now - timedelta(seconds=seconds), acr=acr, fresh=age is None)


def _ask(client: Client, user: Any, resolution: Resolution, now: datetime) -> frozenset[str]:
    if resolution.error or not resolution.granted:
        return frozenset()
    memory = recall(user, client)
    decision = decide(
        asked=resolution.granted,
        client=client.facts,
        catalogue=client.catalogue(),
        words=words_versions(memory, settings.LANGUAGE_CODE, client.catalogue_version),
        remembered=memory.remembered,
        prompt=frozenset(),
        on_device=any(is_on_device(uri) for uri in registered_uris(client.application)),
        now=now,
        client_consent_mode=client.policy.consent_mode,
    )
    if decision.kind is ConsentKind.NOTHING:
        return frozenset()
    if decision.kind is ConsentKind.EVERYTHING:
        return resolution.granted
    return decision.new | decision.changed


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
