"""What the doctor says about settings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from idp.domain.decision import Severity
from idp.services.doctor_code import Code, Words

ERROR, INFO, WARNING = Severity.ERROR, Severity.INFO, Severity.WARNING

WORDS: Mapping[Code, Words] = MappingProxyType(
    {
        Code.DEBUG_ON: Words(
            ERROR,
            _("DEBUG is on"),
            "DEBUG is on: error pages show settings and data.",
            "Set DEBUG = False.",
            "Django deployment checklist",
        ),
        Code.ANY_HOST: Words(
            ERROR,
            _("Any host name is let in"),
            "ALLOWED_HOSTS lets any host name in, so that links and issuer can be forged.",
            "Name the hosts that the site answers to.",
            "Django deployment checklist",
        ),
        Code.SHORT_SECRET_KEY: Words(
            ERROR,
            _("SECRET_KEY is weak"),
            "SECRET_KEY is shorter than 50 characters or holds few different ones.",
            "Generate a new one and keep the old one in SECRET_KEY_FALLBACKS for a while.",
            "Django security.W009",
        ),
        Code.NO_HTTPS: Words(
            WARNING,
            _("Nothing redirects to https"),
            "Requests over http are not redirected to https.",
            "Set SECURE_SSL_REDIRECT = True, or let the proxy in front do it.",
            "RFC 6749 §3.1; RFC 9700 §2.6",
        ),
        Code.NO_HSTS: Words(
            WARNING,
            _("Browsers are not told to come by https alone"),
            "Browsers are not told to come by https alone, so that a first visit can be "
            "intercepted.",
            "Set SECURE_HSTS_SECONDS, or let the proxy in front send the header.",
            "RFC 6797 §7.2",
        ),
        Code.COOKIES_WITHOUT_HTTPS: Words(
            WARNING,
            _("Cookies travel over http"),
            "{subject} is not set, so that the cookie also travels over http.",
            "Set {subject} = True.",
            "RFC 6265 §8.3",
        ),
        Code.ISSUER_WITHOUT_HTTPS: Words(
            ERROR,
            _("The issuer is an http address"),
            "The issuer {subject} is no https address, and clients that follow the rules refuse "
            "it.",
            'Set OAUTH2_PROVIDER["OIDC_ISS_ENDPOINT"] to the https address of the site.',
            "RFC 8414 §2; OpenID Connect Discovery 1.0 §3",
        ),
        Code.ISSUER_UNSET: Words(
            WARNING,
            _("The issuer follows the host of each request"),
            "The issuer is not set and follows the host of each request, so that clients may see "
            "several, and nobody hears of a sign-out that no request began.",
            'Set OAUTH2_PROVIDER["OIDC_ISS_ENDPOINT"].',
            "RFC 8414 §2; RFC 9207 §2",
        ),
        Code.PROXY_NOT_COUNTED: Words(
            WARNING,
            _("A proxy is not counted"),
            '{subject} says that a proxy stands in front, but IDP["TRUSTED_PROXY_HOPS"] is 0: '
            "every event bears the address of the proxy, and limits count all visitors as one.",
            "Set TRUSTED_PROXY_HOPS to the number of proxies.",
            "RFC 7239 §8.1",
        ),
        Code.WEAK_LIFETIME: Words(
            WARNING,
            _("Tokens live too long"),
            "{subject} lets a stolen token work for {detail}.",
            "Shorten {subject}.",
            "RFC 9700 §4.10, §4.14",
        ),
        Code.NOT_WIRED: Words(
            ERROR,
            _("The rules are not wired in"),
            "OAUTH2_PROVIDER['{subject}'] is not the class that applies the rules.",
            "Use provider_settings(), or derive your class from ours.",
            "",
        ),
        Code.NOT_HARDENED: Words(
            WARNING,
            _("Settings weaker than what a new site gets"),
            "OAUTH2_PROVIDER['{subject}'] is weaker than what a new site gets.",
            "Remove it, or pass harden=True to provider_settings().",
            "RFC 9700 §2",
        ),
        Code.REPORTING: Words(
            INFO,
            _("The site only reports"),
            "The site reports what its rules would refuse, and refuses nothing.",
            "Look at the events, then run “manage.py idp enforce”.",
            "",
        ),
    }
)
