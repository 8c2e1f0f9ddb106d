"""What the doctor says about keys, the ledger, messages and growth."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from idp.domain.decision import Severity
from idp.services.doctor_code import Code, Words

ERROR, INFO, WARNING = Severity.ERROR, Severity.INFO, Severity.WARNING

WORDS: Mapping[Code, Words] = MappingProxyType(
    {
        Code.KEY_MISSING: Words(
            INFO,
            _("No signing key is active"),
            "There is no active signing key for RS256 yet.",
            "Nothing: it is made when it is first needed.",
            "OpenID Connect Discovery 1.0 §3",
        ),
        Code.KEY_UNREADABLE: Words(
            ERROR,
            _("Signing keys that cannot be opened"),
            "The signing key {subject} cannot be decrypted.",
            "Put the secret that it was encrypted under back into KEY_ENCRYPTION_KEYS or "
            "SECRET_KEY_FALLBACKS, or rotate the key.",
            "",
        ),
        Code.KEY_OLD: Words(
            WARNING,
            _("Signing keys active for more than 180 days"),
            "The signing key {subject} has signed for more than 180 days.",
            "Rotate it in the admin, or let “manage.py idp keys rotate” run on a schedule.",
            "NIST SP 800-57 Part 1 §5.3.6",
        ),
        Code.TRIGGERS_MISSING: Words(
            ERROR,
            _("The database does not guard the ledger"),
            "The database does not guard the consent ledger: {detail}.",
            "Run “manage.py migrate”, which installs the triggers.",
            "",
        ),
        Code.LEDGER_BROKEN: Words(
            ERROR,
            _("The ledger is broken"),
            "{detail} chains of the consent ledger are broken.",
            "Run “manage.py idp ledger verify”, keep its answer and a copy of the database, and "
            "find out who wrote to it.",
            "",
        ),
        Code.LEDGER_UNVERIFIED: Words(
            INFO,
            _("The ledger was not verified for a week"),
            "The consent ledger was not verified in the last seven days.",
            "Run “manage.py idp ledger verify --checkpoint FILE” every night, with FILE where the "
            "database cannot reach it.",
            "",
        ),
        Code.CONSENTS_UNUSED: Words(
            INFO,
            _("Consents that nobody uses"),
            "{detail} consents were not used for {subject}.",
            "Look at them with “manage.py idp revoke --unused --dry-run”, and take them back: what "
            "is not there cannot be abused.",
            "GDPR Art. 5 (1) (c)",
        ),
        Code.LOGOUT_LATE: Words(
            WARNING,
            _("Sign-out messages that nobody sends"),
            "{detail} sign-out messages wait and nobody sends them, so that apps hear of no "
            "sign-out.",
            "Run `manage.py idp logout deliver --watch` beside the site.",
            "OpenID Connect Back-Channel Logout §2.5",
        ),
        Code.LOGOUT_FAILED: Words(
            WARNING,
            _("Sign-out messages that were given up"),
            "{detail} sign-out messages were given up in the last 30 days.",
            "See them in the admin, mend the client's address, and send them again.",
            "OpenID Connect Back-Channel Logout §2.8",
        ),
        Code.PURGE_OVERDUE: Words(
            WARNING,
            _("Expired rows that nobody purges"),
            "{subject} that expired more than a week ago are still there; the tables grow "
            "without end.",
            "Let “manage.py idp purge” run every night.",
            "docs/reference/size.md",
        ),
        Code.NOT_EXAMINED: Words(
            INFO,
            _("The doctor did not look at the whole site for a week"),
            "The start page shows what can be counted quickly; the rest was not looked at for "
            "seven days.",
            "Let “manage.py idp doctor” run every night.",
            "docs/reference/findings.md",
        ),
    }
)
