"""The four ready roles: who may do what at the operator's desk, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TOOLKIT_MODELS = frozenset({"application", "access_token", "refresh_token", "grant", "id_token"})
"""Names that stand for the toolkit's models, whatever a site calls its own; the rest are ours."""

_READ = (
    "application",
    "access_token",
    "refresh_token",
    "grant",
    "id_token",
    "api",
    "authorization",
    "bulktask",
    "clientlogo",
    "clientpolicy",
    "clientscope",
    "consent",
    "consentevent",
    "consentsnapshot",
    "deviceauthorization",
    "logoutdelivery",
    "scope",
    "scopepolicy",
    "securityevent",
    "signin",
)


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission of Django's.

    Attributes:
        model: lower-case name of the model; of the toolkit's, a name of ``TOOLKIT_MODELS``.
        codename: as Django stores it; ``*`` stands for the name of the toolkit's model.
    """

    model: str
    codename: str


@dataclass(frozen=True, slots=True)
class Role:
    """A ready set of permissions.

    Attributes:
        group: name of Django's group.
        purpose: what it is for, in one sentence.
        permissions: exactly what it may.
    """

    group: str
    purpose: str
    permissions: frozenset[Permission]


def _all(action: str, *models: str) -> frozenset[Permission]:
    return frozenset(
        Permission(model, f"{action}_{'*' if model in TOOLKIT_MODELS else model}")
        for model in models
    )


def _own(model: str, *codenames: str) -> frozenset[Permission]:
    return frozenset(Permission(model, codename) for codename in codenames)


_VIEWER = (
    _all("view", *_READ, "clientsecret", "signingkey", "sitestate")
    | _own("scope", "explain_decision")
)  # fmt: skip
_HELP_DESK = (
    _all("view", *_READ)
    | _own("scope", "explain_decision")
    | _own("authorization", "end_authorization")
    | _own("consent", "revoke_consent")
    | _own("logoutdelivery", "retry_logoutdelivery")
)
_CLIENT_MANAGER = (
    _VIEWER
    | _all("add", "application", "clientpolicy", "clientscope")
    | _all("change", "application", "clientpolicy")
    | _all("delete", "application")
    | _own("clientpolicy", "disable_client", "try_client")
    | _own("clientsecret", "rotate_clientsecret")
    | _own("authorization", "end_authorization")
)
_ADMINISTRATOR = (
    _CLIENT_MANAGER
    | _HELP_DESK
    | _all("add", "api", "scope", "scopepolicy")
    | _all("change", "api", "scope", "scopepolicy")
    | _all("delete", "api", "scope", "scopepolicy")
    | _all("view", "consentevidence")
    | _own("clientscope", "decide_clientscope")
    | _own("consent", "narrow_consent")
    | _own("consentevent", "export_ledger")
    | _own("sitestate", "switch_mode")
    | _own("signingkey", "rotate_signingkey")
)

ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "viewer": Role(
            "Identity provider: viewer",
            "Sees clients, scopes, consents, tokens, events and keys; changes nothing.",
            _VIEWER,
        ),
        "help_desk": Role(
            "Identity provider: help desk",
            "Finds and ends tokens, authorizations and consents of users; sees no secret and "
            "changes no rule.",
            _HELP_DESK,
        ),
        "client_manager": Role(
            "Identity provider: client manager",
            "Registers, changes, tries out, disables and deletes clients and their secrets; asks "
            "for approvals and grants none.",
            _CLIENT_MANAGER,
        ),
        "administrator": Role(
            "Identity provider: administrator",
            "Does everything: rules, approvals, keys, the site's mode, evidence and exports.",
            _ADMINISTRATOR,
        ),
    }
)
"""Key to role, from the weakest to the strongest."""
