"""Everything that the doctor can say, in one table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from idp.domain.decision import Severity


class Code(StrEnum):
    """One thing that can be wrong with a site."""

    DEBUG_ON = "debug_on"
    ANY_HOST = "any_host"
    SHORT_SECRET_KEY = "short_secret_key"  # noqa: S105 - no password
    NO_HTTPS = "no_https"
    COOKIES_WITHOUT_HTTPS = "cookies_without_https"
    NOT_WIRED = "not_wired"
    NOT_HARDENED = "not_hardened"
    REPORTING = "reporting"
    REDIRECT_URI_BROKEN = "redirect_uri_broken"
    REDIRECT_URI_DOUBTFUL = "redirect_uri_doubtful"
    REDIRECT_URI_UNUSED = "redirect_uri_unused"
    REDIRECT_URI_DRIFT = "redirect_uri_drift"
    CLIENT_WITHOUT_POLICY = "client_without_policy"
    CLIENT_WITHOUT_SECRET = "client_without_secret"  # noqa: S105 - no password
    SECRET_EXPIRING = "secret_expiring"  # noqa: S105 - no password
    KEY_MISSING = "key_missing"
    KEY_UNREADABLE = "key_unreadable"
    SCOPE_WITHOUT_POLICY = "scope_without_policy"
    SCOPE_WITHOUT_WORDS = "scope_without_words"
    SCOPE_NOT_IN_CATALOGUE = "scope_not_in_catalogue"
    TRIGGERS_MISSING = "triggers_missing"
    LEDGER_BROKEN = "ledger_broken"
    LEDGER_UNVERIFIED = "ledger_unverified"
    CONSENTS_UNUSED = "consents_unused"
    LOGOUT_LATE = "logout_late"
    LOGOUT_FAILED = "logout_failed"


class Words(NamedTuple):
    """How bad it is, what it means, what to do, and where that is written."""

    severity: Severity
    message: str
    remedy: str
    reference: str


ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

TEXTS: dict[Code, Words] = {
    Code.DEBUG_ON: Words(
        ERROR,
        "DEBUG is on: error pages show settings and data.",
        "Set DEBUG = False.",
        "Django deployment checklist",
    ),
    Code.ANY_HOST: Words(
        ERROR,
        "ALLOWED_HOSTS lets any host name in, so that links and issuer can be forged.",
        "Name the hosts that the site answers to.",
        "Django deployment checklist",
    ),
    Code.SHORT_SECRET_KEY: Words(
        ERROR,
        "SECRET_KEY is shorter than 50 characters or holds few different ones.",
        "Generate a new one and keep the old one in SECRET_KEY_FALLBACKS for a while.",
        "Django security.W009",
    ),
    Code.NO_HTTPS: Words(
        WARNING,
        "Requests over http are not redirected to https.",
        "Set SECURE_SSL_REDIRECT = True, or let the proxy in front do it.",
        "RFC 6749 §3.1; RFC 9700 §2.6",
    ),
    Code.COOKIES_WITHOUT_HTTPS: Words(
        WARNING,
        "{subject} is not set, so that the cookie also travels over http.",
        "Set {subject} = True.",
        "RFC 6265 §8.3",
    ),
    Code.NOT_WIRED: Words(
        ERROR,
        "OAUTH2_PROVIDER['{subject}'] is not the class that applies the rules.",
        "Use provider_settings(), or derive your class from ours.",
        "",
    ),
    Code.NOT_HARDENED: Words(
        WARNING,
        "OAUTH2_PROVIDER['{subject}'] is weaker than what a new site gets.",
        "Remove it, or pass harden=True to provider_settings().",
        "RFC 9700 §2",
    ),
    Code.REPORTING: Words(
        INFO,
        "The site reports what its rules would refuse, and refuses nothing.",
        "Look at the events, then run “manage.py idp enforce”.",
        "",
    ),
    Code.REDIRECT_URI_BROKEN: Words(
        ERROR,
        "{subject}: {detail}",
        "Change the URI; an enforcing site never redirects there.",
        "RFC 9700 §4.1.3",
    ),
    Code.REDIRECT_URI_DOUBTFUL: Words(
        WARNING,
        "{subject}: {detail}",
        "Change the URI, or accept the warning with a reason in the admin.",
        "RFC 9700 §4.1.3",
    ),
    Code.REDIRECT_URI_UNUSED: Words(
        INFO,
        "{subject} was not used for 90 days.",
        "Remove it: what is not registered cannot be abused.",
        "RFC 9700 §4.1.3",
    ),
    Code.REDIRECT_URI_DRIFT: Words(
        WARNING,
        "What is known about the redirect URIs of {subject} is not what is registered.",
        "Run “manage.py idp backfill”.",
        "",
    ),
    Code.CLIENT_WITHOUT_POLICY: Words(
        INFO,
        "{subject} has no policy and is treated by the strict defaults.",
        "Run “manage.py idp backfill”, or save the client in the admin.",
        "",
    ),
    Code.CLIENT_WITHOUT_SECRET: Words(
        ERROR,
        "{subject} has no secret that works, so that it cannot authenticate.",
        "Issue a secret in the admin or by “manage.py idp apply”.",
        "RFC 6749 §2.3.1",
    ),
    Code.SECRET_EXPIRING: Words(
        WARNING,
        "The last secret of {subject} ends at {detail}.",
        "Rotate it in the admin and hand the new one to the client.",
        "RFC 6749 §2.3.1",
    ),
    Code.KEY_MISSING: Words(
        INFO,
        "There is no active signing key for RS256 yet.",
        "Nothing: it is made when it is first needed.",
        "OpenID Connect Discovery 1.0 §3",
    ),
    Code.KEY_UNREADABLE: Words(
        ERROR,
        "The signing key {subject} cannot be decrypted.",
        "Put the secret that it was encrypted under back into KEY_ENCRYPTION_KEYS or "
        "SECRET_KEY_FALLBACKS, or rotate the key.",
        "",
    ),
    Code.SCOPE_WITHOUT_POLICY: Words(
        WARNING,
        "The scope {subject} has no policy, so that UNPOLICED_SCOPES decides.",
        "Give it a policy.",
        "RFC 6749 §3.3",
    ),
    Code.SCOPE_WITHOUT_WORDS: Words(
        WARNING,
        "The scope {subject} has no words, so that people read its bare name.",
        "Write a title and a sentence of consequence.",
        "",
    ),
    Code.SCOPE_NOT_IN_CATALOGUE: Words(
        WARNING,
        "OAUTH2_PROVIDER['SCOPES'] names {subject}, which is not in the catalogue.",
        "Add it to the catalogue with a policy, or remove it from the setting.",
        "RFC 6749 §3.3",
    ),
    Code.TRIGGERS_MISSING: Words(
        ERROR,
        "The database does not guard the consent ledger: {detail}.",
        "Run “manage.py migrate”, which installs the triggers.",
        "",
    ),
    Code.LEDGER_BROKEN: Words(
        ERROR,
        "{detail} chains of the consent ledger are broken.",
        "Run “manage.py idp ledger verify”, keep its answer and a copy of the database, and find "
        "out who wrote to it.",
        "",
    ),
    Code.LEDGER_UNVERIFIED: Words(
        INFO,
        "The consent ledger was not verified in the last seven days.",
        "Run “manage.py idp ledger verify --checkpoint FILE” every night, with FILE where the "
        "database cannot reach it.",
        "",
    ),
    Code.LOGOUT_LATE: Words(
        WARNING,
        "{detail} sign-out messages wait and nobody sends them, so that apps hear of no sign-out.",
        "Run `manage.py idp logout deliver --watch` beside the site.",
        "OpenID Connect Back-Channel Logout §2.5",
    ),
    Code.LOGOUT_FAILED: Words(
        WARNING,
        "{detail} sign-out messages were given up in the last 30 days.",
        "See them in the admin, mend the client's address, and send them again.",
        "OpenID Connect Back-Channel Logout §2.8",
    ),
    Code.CONSENTS_UNUSED: Words(
        INFO,
        "{detail} consents were not used for {subject}.",
        "Look at them with “manage.py idp revoke --unused --dry-run”, and take them back: what is "
        "not there cannot be abused.",
        "GDPR Art. 5 (1) (c)",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with this site.

    Attributes:
        code: a ``Code``.
        severity: ``error``, ``warning`` or ``info``.
        message: what it means.
        remedy: what to do.
        reference: where that is written, or empty.
        subject: what it is about: a setting, a client id, a scope; may be empty.
    """

    code: str
    severity: str
    message: str
    remedy: str
    reference: str
    subject: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-ready values."""
        return asdict(self)


def finding(code: Code, subject: str = "", detail: str = "") -> Finding:
    """Return a finding in the words of the table."""
    words = TEXTS[code]
    return Finding(
        code=str(code),
        severity=str(words.severity),
        message=words.message.format(subject=subject, detail=detail),
        remedy=words.remedy.format(subject=subject, detail=detail),
        reference=words.reference,
        subject=subject,
    )
