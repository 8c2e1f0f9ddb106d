"""Every kind of finding by its code; nothing else can be found."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from idp.domain.decision import Severity


class Code(StrEnum):
    """One thing that can be wrong with a site."""

    # Settings
    DEBUG_ON = "debug_on"
    ANY_HOST = "any_host"
    SHORT_SECRET_KEY = "short_secret_key"  # noqa: S105 - no password
    NO_HTTPS = "no_https"
    NO_HSTS = "no_hsts"
    COOKIES_WITHOUT_HTTPS = "cookies_without_https"
    ISSUER_WITHOUT_HTTPS = "issuer_without_https"
    ISSUER_UNSET = "issuer_unset"
    PROXY_NOT_COUNTED = "proxy_not_counted"
    WEAK_LIFETIME = "weak_lifetime"
    NOT_WIRED = "not_wired"
    NOT_HARDENED = "not_hardened"
    REPORTING = "reporting"
    # Clients
    TOKEN_REPLAYED = "token_replayed"  # noqa: S105 - no password
    REFUSALS_REPEAT = "refusals_repeat"
    REDIRECT_URI_BROKEN = "redirect_uri_broken"
    REDIRECT_URI_DOUBTFUL = "redirect_uri_doubtful"
    REDIRECT_URI_UNUSED = "redirect_uri_unused"
    REDIRECT_URI_DRIFT = "redirect_uri_drift"
    CLIENT_WITHOUT_POLICY = "client_without_policy"
    CLIENT_WITHOUT_SECRET = "client_without_secret"  # noqa: S105 - no password
    CLIENT_UNREACHABLE = "client_unreachable"
    CLIENT_UNUSED = "client_unused"
    NAME_BORROWED = "name_borrowed"
    PKCE_WAIVED = "pkce_waived"
    SECRET_EXPIRING = "secret_expiring"  # noqa: S105 - no password
    APPROVAL_WAITING = "approval_waiting"
    # Scopes, policies, roles and the file
    SCOPE_WITHOUT_POLICY = "scope_without_policy"
    SCOPE_WITHOUT_WORDS = "scope_without_words"
    SCOPE_NOT_IN_CATALOGUE = "scope_not_in_catalogue"
    POLICY_FOR_NOBODY = "policy_for_nobody"
    ROLE_MISSING = "role_missing"
    ROLE_CHANGED = "role_changed"
    PERMISSION_MISSING = "permission_missing"
    FILE_UNREADABLE = "file_unreadable"
    FILE_DRIFT = "file_drift"
    # Keys, ledger, messages and growth
    KEY_MISSING = "key_missing"
    KEY_UNREADABLE = "key_unreadable"
    KEY_OLD = "key_old"
    TRIGGERS_MISSING = "triggers_missing"
    LEDGER_BROKEN = "ledger_broken"
    LEDGER_UNVERIFIED = "ledger_unverified"
    CONSENTS_UNUSED = "consents_unused"
    LOGOUT_LATE = "logout_late"
    LOGOUT_FAILED = "logout_failed"
    PURGE_OVERDUE = "purge_overdue"
    NOT_EXAMINED = "not_examined"


class Words(NamedTuple):
    """How bad it is, what it means, what to do, and where that is written.

    Attributes:
        severity: how bad it is.
        title: what it is, in a few words that a number may follow.
        message: what it means; may name ``{subject}`` and ``{detail}``.
        remedy: what to do; likewise.
        reference: where that is written, or empty.
    """

    severity: Severity
    title: _StrOrPromise
    message: str
    remedy: str
    reference: str
