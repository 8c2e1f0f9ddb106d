"""Why a scope is refused, whose fault it is, and in which words it is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from idp.domain.decision import Reason, Severity


class Code(StrEnum):
    """Why a scope is refused."""

    UNKNOWN_SCOPE = "unknown_scope"
    RETIRED = "retired"
    NOT_REGISTERED = "not_registered"
    APPROVAL_MISSING = "approval_missing"
    APPROVAL_REFUSED = "approval_refused"
    APPROVAL_ENDED = "approval_ended"
    GRANT_TYPE_NOT_ALLOWED = "grant_type_not_allowed"
    CLIENT_NOT_TRUSTED = "client_not_trusted"
    CLIENT_DISABLED = "client_disabled"
    USER_INACTIVE = "user_inactive"
    USER_NOT_ELIGIBLE = "user_not_eligible"
    SIGN_IN_TOO_OLD = "sign_in_too_old"
    ACR_TOO_WEAK = "acr_too_weak"


class Fault(StrEnum):
    """Whose fault a refusal is: it decides who hears of it, and how."""

    CLIENT = "client"
    USER = "user"
    SIGN_IN = "sign_in"


TEXTS = MappingProxyType(
    {
        Code.UNKNOWN_SCOPE: ("There is no scope %(scope)s.", "RFC 6749 §3.3"),
        Code.RETIRED: ("The scope %(scope)s has been retired.", "RFC 6749 §3.3"),
        Code.NOT_REGISTERED: (
            "The client is not registered for the scope %(scope)s.",
            "RFC 7591 §2",
        ),
        Code.APPROVAL_MISSING: (
            "The client has no approval for the scope %(scope)s yet.",
            "RFC 6749 §3.3",
        ),
        Code.APPROVAL_REFUSED: (
            "The client has been refused the scope %(scope)s.",
            "RFC 6749 §3.3",
        ),
        Code.APPROVAL_ENDED: (
            "The client's approval for the scope %(scope)s has ended.",
            "RFC 6749 §3.3",
        ),
        Code.GRANT_TYPE_NOT_ALLOWED: (
            "The scope %(scope)s cannot be obtained with the grant type %(grant_type)s.",
            "RFC 7591 §2",
        ),
        Code.CLIENT_NOT_TRUSTED: (
            "The client is not trusted enough for the scope %(scope)s.",
            "RFC 6749 §10.2",
        ),
        Code.CLIENT_DISABLED: ("The client has been disabled.", "RFC 6749 §4.1.2.1"),
        Code.USER_INACTIVE: ("The account has been disabled.", "RFC 6749 §4.1.2.1"),
        Code.USER_NOT_ELIGIBLE: (
            "This account may not give the scope %(scope)s.",
            "RFC 6749 §3.3",
        ),
        Code.SIGN_IN_TOO_OLD: (
            "The scope %(scope)s needs a newer sign-in.",
            "RFC 9470 §3",
        ),
        Code.ACR_TOO_WEAK: (
            "The scope %(scope)s needs a stronger sign-in.",
            "RFC 9470 §3",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One scope that is not granted.

    Attributes:
        scope: its name as asked.
        reason: why, with a ``Code`` as its code.
        fault: whose fault it is.
    """

    scope: str
    reason: Reason
    fault: Fault


def reason(code: Code, *, scope: str, grant_type: str) -> Reason:
    """Return the words of a refusal."""
    text, reference = TEXTS[code]
    params = MappingProxyType({"scope": scope, "grant_type": grant_type})
    return Reason(code.value, Severity.ERROR, text, reference, params)
