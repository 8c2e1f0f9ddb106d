"""What an access token may do now: one indexed read, then the rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from idp.domain import access as rules
from idp.domain import credential, withdrawal
from idp.domain import scope as scope_rules
from idp.domain.party import SignInFacts
from idp.services import access_read
from idp.services.authorization import checksum as checksum_of
from idp.services.catalogue import current_catalogue, unpoliced_choice
from idp.services.holding import holding_of
from idp.services.site import enforces
from idp.services.user import user_facts

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping
    from datetime import datetime

    from idp.domain.catalogue import Catalogue
    from idp.domain.decision import Reason

__all__ = ["Access", "Refusal", "checksum_of", "judge_access_token", "judge_token"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A token that may act.

    Attributes:
        token: the toolkit's row.
        application: the client's row, or None for a token that the site made without a client.
        user: who gave it, or None for a client in its own name.
        authorization_id: the act of authorization, or None.
        scopes: what the token carries and still may do; never more than it was granted.
        effective: the same with all that these scopes include.
        sign_in: how and when the user had signed in, or None where nobody recorded it.
        catalogue: the catalogue that the scopes were judged by.
        claims: what the client asked for by name, as kept with the authorization.
        enforcing: whether the scope rules refuse; otherwise they only report.
    """

    token: Any
    application: Any
    user: Any
    authorization_id: uuid.UUID | None
    scopes: frozenset[str]
    effective: frozenset[str]
    sign_in: SignInFacts | None
    catalogue: Catalogue
    enforcing: bool
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def client_id(self) -> str:
        """Return the client's identifier, or an empty text."""
        return self.application.client_id if self.application else ""

    @property
    def expires_at(self) -> datetime:
        """Return when the token ends."""
        value: datetime = self.token.expires
        return value


@dataclass(frozen=True, slots=True)
class Refusal:
    """A token that may not act, and why.

    Attributes:
        reason: in the words that operators read; on the wire it is ``invalid_token``.
        token: the toolkit's row, or None for an unknown token.
    """

    reason: Reason
    token: Any = None


def judge_token(token: str, now: datetime | None = None) -> Access | Refusal:
    """Return what a token may do at ``now``, or why it may do nothing.

    As ``judge_access_token``, but that a text which cannot be an access token costs no statement.

    Args:
        token: as presented.
        now: the time; defaults to the clock.
    """
    if not credential.may_be(token, credential.ACCESS):
        return Refusal(rules.TOKEN_MALFORMED)
    return judge_access_token(checksum_of(token), now)


def judge_access_token(checksum: str, now: datetime | None = None) -> Access | Refusal:
    """Return what a token may do at ``now``, or why it may do nothing.

    Costs one statement; one or two more only where a policy of the token's scopes asks for groups,
    permissions or a site's callable, where the catalogue changed since this process read it, or
    while something of what the client holds is taken back.

    Args:
        checksum: see ``checksum_of``.
        now: the time; defaults to the clock.

    Source: RFC 6750 §3.1; RFC 7662 §2.2.
    """
    at = now or timezone.now()
    token = access_read.TOKEN.first(checksum)
    if token is None:
        return Refusal(rules.TOKEN_UNKNOWN)
    facts = access_read.token_facts(token)
    reason = rules.judge(facts, at)
    if reason is not None:
        return Refusal(reason, token)
    return _access(token, at)


def _access(token: Any, now: datetime) -> Access | Refusal:
    mode, version = access_read.site(token)
    enforcing = enforces("scope", mode, getattr(token.application, "idp_policy", None))
    catalogue = current_catalogue(version, unpoliced=unpoliced_choice(enforcing=enforcing))
    family = access_read.authorization(token)
    granted = frozenset(token.scope.split()) - access_read.scopes_taken_back(token)
    if catalogue.withdrawals:
        holding = holding_of(
            catalogue.withdrawals,
            user=token.user_id,
            client=token.application_id,
            since=family.created_at if family else token.created,
            authorization=family.id if family else None,
        )
        if withdrawal.is_ended(catalogue.withdrawals, holding):
            return Refusal(rules.AUTHORIZATION_ENDED, token)
        granted -= withdrawal.lost(catalogue.withdrawals, granted, holding)
    if enforcing:
        granted = _narrowed(token, granted, catalogue, now)
    return Access(
        token=token,
        application=token.application,
        user=token.user,
        authorization_id=family.id if family else None,
        scopes=granted,
        effective=catalogue.effective(granted),
        sign_in=family.sign_in if family else None,
        catalogue=catalogue,
        enforcing=enforcing,
        claims=family.claims if family else {},
    )


def _narrowed(
    token: Any, granted: frozenset[str], catalogue: Catalogue, now: datetime
) -> frozenset[str]:
    if token.application is None:
        return frozenset()
    family = access_read.authorization(token)
    own_name = "client_credentials" if token.user is None else "authorization_code"
    return scope_rules.narrow(
        granted,
        client=access_read.facts_of_client(token),
        user=token.user and user_facts(token.user, token.application, catalogue, scopes=granted),
        catalogue=catalogue,
        now=now,
        grant_type=family.grant_type if family else own_name,
    )
