"""Is the present sign-in good enough for this request?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from idp.domain.catalogue import Catalogue
    from idp.domain.decision import Reason
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
    """What scopes ask of a sign-in.

    Attributes:
        max_age: oldest sign-in that will do; None means any.
        acr_values: contexts that will do, in the order of preference; empty means any.
        satisfiable: False where the scopes contradict each other.
    """

    max_age: timedelta | None = None
    acr_values: tuple[str, ...] = ()
    satisfiable: bool = True


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
    """Return whether the user must sign in or choose an account before the request goes on."""
    raise NotImplementedError


def demand(catalogue: Catalogue, scopes: Iterable[str]) -> Demand:
    """Return what scopes ask of a sign-in: parameters of a sign-in or of an RFC 9470 challenge."""
    raise NotImplementedError
