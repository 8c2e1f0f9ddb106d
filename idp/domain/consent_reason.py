"""Why a consent page is shown, left out or impossible, in words."""

from __future__ import annotations

from types import MappingProxyType

from idp.domain.decision import Reason, Severity

_TEXTS = MappingProxyType(
    {
        "remembered": ("You have allowed all of this before.", ""),
        "first_party": ("This app belongs to the site and needs no permission.", ""),
        "first_time": ("This app asks for access for the first time.", "RFC 6749 §4.1.1"),
        "new_scopes": ("This app asks for more than you have allowed before.", "RFC 6749 §4.1.1"),
        "meaning_changed": (
            "Something that you have allowed before has changed since.",
            "RFC 6749 §4.1.1",
        ),
        "consent_ended": ("Your earlier permission has ended.", "RFC 6749 §4.1.1"),
        "consent_requested": (
            "This app wants you to confirm the access.",
            "OpenID Connect Core §3.1.2.1",
        ),
        "app_on_device": (
            "This app runs on a device, where another one could pose as it.",
            "RFC 8252 §8.6",
        ),
        "client_always": ("This site asks every time for this app.", "RFC 6749 §10.2"),
        "policy_always": (
            "This site asks every time for something that this app wants to do.",
            "RFC 6749 §10.2",
        ),
    }
)


def why(cause: str) -> Reason:
    """Return why a page is shown, or left out."""
    text, reference = _TEXTS[cause]
    return Reason(cause, Severity.INFO, text, reference)


def nothing_to_ask() -> Reason:
    """Return why a request that leaves nothing to give is refused."""
    text = "There is nothing that this app could be allowed."
    return Reason("access_denied", Severity.ERROR, text, "RFC 6749 §4.1.2.1")


def consent_required(cause: str) -> Reason:
    """Return why a request that forbids the page is refused; ``cause`` would have shown it."""
    text = "The user must be asked (%(cause)s), which the request forbids."
    params = MappingProxyType({"cause": cause})
    reference = "OpenID Connect Core §3.1.2.6"
    return Reason("consent_required", Severity.ERROR, text, reference, params)
