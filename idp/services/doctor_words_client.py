"""What the doctor says about clients."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from idp.domain.decision import Severity
from idp.services.doctor_code import Code, Words

ERROR, INFO, WARNING = Severity.ERROR, Severity.INFO, Severity.WARNING

WORDS: Mapping[Code, Words] = MappingProxyType(
    {
        Code.TOKEN_REPLAYED: Words(
            ERROR,
            _("Codes or refresh tokens used twice in the last 7 days"),
            "{subject}: a code or refresh token was used twice; somebody may have stolen it. All "
            "that came of it has ended.",
            "Look at the event; if it repeats, ask the developer whether two copies of the app "
            "share a token.",
            "RFC 9700 §4.14.2",
        ),
        Code.REFUSALS_REPEAT: Words(
            WARNING,
            _("Refusals that repeat today"),
            "{subject} was refused {detail} times in a row today.",
            "Look at the event: either the app is broken, or somebody is trying.",
            "RFC 9700 §2",
        ),
        Code.REDIRECT_URI_BROKEN: Words(
            ERROR,
            _("Addresses that break a rule"),
            "{subject}: {detail}",
            "Change the URI; an enforcing site never redirects there.",
            "RFC 9700 §4.1.3",
        ),
        Code.REDIRECT_URI_DOUBTFUL: Words(
            WARNING,
            _("Addresses with a warning that nobody accepted"),
            "{subject}: {detail}",
            "Change the URI, or accept the warning with a reason in the admin.",
            "RFC 9700 §4.1.3",
        ),
        Code.REDIRECT_URI_UNUSED: Words(
            INFO,
            _("Addresses unused for 90 days"),
            "{subject} was not used for 90 days.",
            "Remove it: what is not registered cannot be abused.",
            "RFC 9700 §4.1.3",
        ),
        Code.REDIRECT_URI_DRIFT: Words(
            WARNING,
            _("Clients whose addresses were changed from outside"),
            "What is known about the redirect URIs of {subject} is not what is registered.",
            "Run “manage.py idp backfill”.",
            "",
        ),
        Code.CLIENT_WITHOUT_POLICY: Words(
            INFO,
            _("Clients without a policy"),
            "{subject} has no policy and is treated by the strict defaults.",
            "Run “manage.py idp backfill”, or save the client in the admin.",
            "",
        ),
        Code.CLIENT_WITHOUT_SECRET: Words(
            ERROR,
            _("Clients without a secret that works"),
            "{subject} has no secret that works, so that it cannot authenticate.",
            "Issue a secret in the admin or by “manage.py idp apply”.",
            "RFC 6749 §2.3.1",
        ),
        Code.CLIENT_UNREACHABLE: Words(
            ERROR,
            _("Clients that can never succeed"),
            "{subject} can never succeed: {detail}.",
            "Complete the client in the admin, or delete it.",
            "RFC 7591 §2",
        ),
        Code.CLIENT_UNUSED: Words(
            INFO,
            _("Clients unused for 90 days"),
            "{subject} was not used for 90 days.",
            "Ask its owner, then disable or delete it: what is not there cannot be abused.",
            "RFC 9700 §4.1.3",
        ),
        Code.NAME_BORROWED: Words(
            WARNING,
            _("Self-registered clients named like one that the site vouches for"),
            "{subject} calls itself {detail}, as a client does that the site vouches for.",
            "Look at who is behind it; verify it, or disable it.",
            "RFC 7591 §5",
        ),
        Code.PKCE_WAIVED: Words(
            WARNING,
            _("Clients that do without PKCE"),
            "{subject} need not send PKCE; its nonce alone protects its codes, if it checks that.",
            "Ask whether its software sends PKCE by now, then switch “Without PKCE” off.",
            "OAuth 2.1 §7.5.1",
        ),
        Code.SECRET_EXPIRING: Words(
            WARNING,
            _("Secrets that end within 14 days"),
            "The last secret of {subject} ends at {detail}.",
            "Rotate it in the admin and hand the new one to the client.",
            "RFC 6749 §2.3.1",
        ),
        Code.APPROVAL_WAITING: Words(
            WARNING,
            _("Requests for a scope that wait for a decision"),
            "{subject} asks for {detail} and waits for a decision.",
            "Approve or refuse it in the admin.",
            "RFC 6749 §3.3",
        ),
    }
)
