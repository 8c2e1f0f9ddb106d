"""Is the present sign-in good enough for this request?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from idp.domain.decision import Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from idp.domain.catalogue import Catalogue
    from idp.domain.party import SignInFacts


class AuthenticationKind(StrEnum):
    """What must happen before the request may go on."""

    NOTHING = "nothing"
    SIGN_IN = "sign_in"
    SELECT_ACCOUNT = "select_account"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class AuthenticationDecision:
    """What must happen, and why; with ``REFUSE`` the reason's code is the OAuth error."""

    kind: AuthenticationKind
    reason: Reason

    @property
    def code(self) -> str:
        """Return the OAuth error code of a refusal, else an empty text."""
        return self.reason.code if self.kind is AuthenticationKind.REFUSE else ""


@dataclass(frozen=True, slots=True)
class Demand:
    """What scopes ask of a sign-in; the parameters of an RFC 9470 challenge.

    Attributes:
        max_age: oldest sign-in that will do; None means any.
        acr_values: contexts that will do, in the order of preference; empty means any.
        satisfiable: False where the scopes contradict each other; ``acr_values`` is then empty.
    """

    max_age: timedelta | None = None
    acr_values: tuple[str, ...] = ()
    satisfiable: bool = True


_CORE = "OpenID Connect Core §3.1.2.1"
_ERRORS = "OpenID Connect Core §3.1.2.6"
_TEXTS = MappingProxyType(
    {
        "good_enough": ("The present sign-in is good enough.", _CORE),
        "not_signed_in": ("Nobody is signed in.", _CORE),
        "sign_in_requested": ("The request wants a new sign-in.", _CORE),
        "selection_requested": ("The request wants the account to be chosen.", _CORE),
        "sign_in_too_old": ("The sign-in is older than the request allows.", _CORE),
        "acr_too_weak": ("The sign-in is weaker than the request wants.", _CORE),
        "invalid_request": ("The prompt none stands alone.", _CORE),
        "login_required": ("The user must sign in, which the request forbids.", _ERRORS),
        "other_user": ("Another user is signed in than the request names.", _CORE),
        "unmet_authentication_requirements": (
            "The user signed in, but not as strongly as the request needs.",
            "OpenID Connect Core Unmet Authentication Requirements §3",
        ),
    }
)


def judge(
    *,
    prompt: frozenset[str],
    max_age: timedelta | None,
    acr_values: tuple[str, ...],
    sign_in: SignInFacts | None,
    sign_in_id: str | None,
    sign_in_id_at_request: str | None,
    now: datetime,
    acr_essential: bool = False,
    acr_supported: frozenset[str] = frozenset(),
    account_selected: bool = False,
    hint_matches: bool | None = None,
) -> AuthenticationDecision:
    """Return whether the user must sign in or choose an account before the request goes on.

    Whether a sign-in is new is a matter of identity, not of seconds: it is another one than the
    one with which the request came. A new one satisfies every ``prompt`` and ``max_age``, so
    that nobody is sent in circles; an old one never does, whatever the browser replays.

    Args:
        prompt: values of ``prompt``; unknown ones are ignored.
        max_age: of the request, its client or its scopes, the shortest; None for no limit.
        acr_values: contexts that are wanted; empty for any.
        sign_in: the present sign-in, or None.
        sign_in_id: its identity, or None.
        sign_in_id_at_request: identity of the sign-in with which the request first came, or None.
        now: the moment of the decision.
        acr_essential: whether another acr is no answer (``claims``, or a scope's policy).
        acr_supported: contexts that a sign-in at this site can reach at all, as far as it says; a
            merely preferred one outside it asks nothing of the user, a necessary one is refused.
        account_selected: whether the user has chosen an account for this request.
        hint_matches: whether ``id_token_hint`` names the present user; None without a hint.

    Source: OpenID Connect Core §3.1.2.1, §3.1.2.3, §3.1.2.6.
    """
    if "none" in prompt and prompt != {"none"}:
        return _refuse("invalid_request")
    if sign_in is None or sign_in_id is None:
        return _interrupt(AuthenticationKind.SIGN_IN, "not_signed_in", prompt)
    fresh = sign_in_id != sign_in_id_at_request
    if not fresh and "select_account" in prompt and not account_selected:
        return _decision(AuthenticationKind.SELECT_ACCOUNT, "selection_requested")
    if not fresh and "login" in prompt:
        return _decision(AuthenticationKind.SIGN_IN, "sign_in_requested")
    if hint_matches is False:
        return _refuse("login_required", "other_user")
    if not fresh and max_age is not None and _too_old(now - sign_in.at, max_age):
        return _interrupt(AuthenticationKind.SIGN_IN, "sign_in_too_old", prompt)
    wanted = acr_essential or not acr_supported.isdisjoint(acr_values)
    if wanted and acr_values and sign_in.acr not in acr_values:
        if acr_supported and acr_supported.isdisjoint(acr_values):
            return _refuse("unmet_authentication_requirements")
        return _weak(prompt, fresh=fresh, essential=acr_essential)
    return _decision(AuthenticationKind.NOTHING, "good_enough")


def demand(catalogue: Catalogue, scopes: Iterable[str]) -> Demand:
    """Return what scopes, and all that they include, ask of a sign-in.

    Source: RFC 9470 §3.
    """
    policies = catalogue.policies(scopes)
    ages = [p.max_authentication_age for p in policies if p.max_authentication_age is not None]
    wanted = [p.acr_values for p in policies if p.acr_values]
    common = wanted[0] if wanted else ()
    common = tuple(acr for acr in common if all(acr in values for values in wanted))
    return Demand(min(ages, default=None), common, satisfiable=bool(common) or not wanted)


def _too_old(age: timedelta, limit: timedelta) -> bool:
    """A limit of zero wants a new sign-in even within the same tick of the clock."""
    return limit <= timedelta(0) or age > limit


def _weak(prompt: frozenset[str], *, fresh: bool, essential: bool) -> AuthenticationDecision:
    """A new sign-in could be stronger; one that was made for this request was the answer."""
    if fresh and essential:
        return _refuse("unmet_authentication_requirements")
    if fresh or ("none" in prompt and not essential):
        return _decision(AuthenticationKind.NOTHING, "good_enough")
    return _interrupt(AuthenticationKind.SIGN_IN, "acr_too_weak", prompt)


def _interrupt(
    kind: AuthenticationKind, cause: str, prompt: frozenset[str]
) -> AuthenticationDecision:
    return _refuse("login_required") if "none" in prompt else _decision(kind, cause)


def _decision(kind: AuthenticationKind, cause: str) -> AuthenticationDecision:
    text, reference = _TEXTS[cause]
    return AuthenticationDecision(kind, Reason(cause, Severity.INFO, text, reference))


def _refuse(code: str, cause: str = "") -> AuthenticationDecision:
    text, reference = _TEXTS[cause or code]
    reason = Reason(code, Severity.ERROR, text, reference)
    return AuthenticationDecision(AuthenticationKind.REFUSE, reason)
