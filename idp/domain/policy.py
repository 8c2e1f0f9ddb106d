"""Scope policies: which combinations of values make one."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from idp.domain.catalogue import ConsentMode
from idp.domain.client import DEVICE_CODE
from idp.domain.decision import Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idp.domain.catalogue import Policy

GRANT_TYPES = frozenset({"authorization_code", "refresh_token", "client_credentials", DEVICE_CODE})

# What a person agreed to. A change of anything else is enforced at once and needs no new answer.
MEANING = (
    "sensitivity",
    "consent",
    "consent_lifetime",
    "optional",
    "choose_duration",
    "refresh",
    "access_token_lifetime",
    "refresh_token_lifetime",
    "refresh_token_idle_lifetime",
)
"""Fields of a policy whose change gives it a new revision, so that old consent is asked again."""

_LIFETIMES = (
    "consent_lifetime",
    "max_authentication_age",
    "access_token_lifetime",
    "refresh_token_lifetime",
    "refresh_token_idle_lifetime",
)
_PERMISSION = re.compile(r"\w+\.\w+")
_DOTTED_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def inspect_policy(policy: Policy) -> list[tuple[str, Reason]]:
    """Return what is wrong with a policy, as pairs of field and reason.

    Source: RFC 6749 §4, §6; RFC 9470 §5.
    """
    return [*_bad_lifetimes(policy), *_bad_grant_types(policy), *_bad_users(policy)]


def _bad_lifetimes(policy: Policy) -> Iterator[tuple[str, Reason]]:
    for name in _LIFETIMES:
        value = getattr(policy, name)
        if value is not None and value <= timedelta(0):
            text = "A lifetime is longer than nothing; leave it out for no limit."
            yield name, Reason("not_positive", Severity.ERROR, text)
    if not policy.refresh:
        for name in ("refresh_token_lifetime", "refresh_token_idle_lifetime"):
            if getattr(policy, name) is not None:
                text = "The policy allows no refresh tokens, so that their lifetime says nothing."
                yield name, Reason("no_refresh", Severity.WARNING, text)
    if policy.consent == ConsentMode.ALWAYS and policy.consent_lifetime is not None:
        text = "The user is asked every time, so that no consent lives on."
        yield "consent_lifetime", Reason("asked_always", Severity.WARNING, text)


def _bad_grant_types(policy: Policy) -> Iterator[tuple[str, Reason]]:
    for name in sorted((policy.grant_types or frozenset()) - GRANT_TYPES):
        text = "%(grant_type)s is no grant type of this provider; it knows %(known)s."
        known = ", ".join(sorted(GRANT_TYPES))
        yield (
            "grant_types",
            Reason(
                "unknown_grant_type",
                Severity.ERROR,
                text,
                "RFC 7591 §2",
                {"grant_type": name, "known": known},
            ),
        )
    if policy.grant_types is not None and not policy.grant_types:
        text = "No grant type is allowed, so that nobody can use the scope; leave it out for all."
        yield "grant_types", Reason("no_grant_type", Severity.ERROR, text)


def _bad_users(policy: Policy) -> Iterator[tuple[str, Reason]]:
    if policy.groups is not None and not policy.groups:
        text = "No group is named, so that nobody may give the scope; leave it out for everyone."
        yield "groups", Reason("no_group", Severity.ERROR, text)
    if policy.permission and not _PERMISSION.fullmatch(policy.permission):
        text = "A permission is written as “app.codename”."
        yield "permission", Reason("bad_permission", Severity.ERROR, text)
    if policy.user_check and not _DOTTED_PATH.fullmatch(policy.user_check):
        text = "A check is written as the dotted path of a callable."
        yield "user_check", Reason("bad_dotted_path", Severity.ERROR, text)
