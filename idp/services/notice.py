"""Telling users by mail that a client was given access, so that nobody can do it behind them.

The mail is made while the answer is on its way and sent beside it: no mail server delays or fails
an answer. Its link leads to a page that asks for sign-in; no link in a mail acts by itself.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.translation import gettext as _

from idp import signals
from idp.conf import idp_settings
from idp.domain.catalogue import Sensitivity
from idp.models import Consent, ConsentEvent
from idp.services.catalogue import current_catalogue, words
from idp.services.consent_note import strictest
from idp.services.consent_page import client_name, scope_title

logger = logging.getLogger("idp.notice")

MOST_WAITING = 500
"""How many mails may wait for a slow mail server; more are dropped, and logged as such."""

_places = BoundedSemaphore(MOST_WAITING)


def consider_notice(*, consent: Consent, event: ConsentEvent, first: bool, **_kwargs: Any) -> None:
    """Raise a notice for a first grant to a client, and for a sensitive scope that is new.

    Receives ``consent_granted``, and with it runs after the transaction. The signal
    ``notice_raised`` is sent in any case; the mail goes out where ``IDP["NOTICES"]`` is on.

    Args:
        consent: that was given.
        event: that says so.
        first: whether the user never allowed this client anything before.
    """
    sensitive = sensitive_news(event)
    if not first and not sensitive:
        return
    signals.notice_raised.send_robust(
        Consent, consent=consent, event=event, first=first, sensitive=sensitive
    )
    if idp_settings.notices:
        mail = notice_mail(consent, event, first=first)
        if mail is not None:
            send_beside(mail)


def sensitive_news(event: ConsentEvent) -> frozenset[str]:
    """Return the scopes that an event added and that reach more than the basic ones do."""
    catalogue = current_catalogue()
    return frozenset(
        name for name in _added(event) if strictest(catalogue.policies({name})) != Sensitivity.BASIC
    )


def notice_mail(
    consent: Consent, event: ConsentEvent, *, first: bool
) -> EmailMultiAlternatives | None:
    """Return the mail about an event in the active language; None for a user without an address."""
    user = consent.user
    address = getattr(user, user.get_email_field_name(), "") or ""
    if not address or not user.is_active:
        return None
    language = translation.get_language() or "en"
    known, new = words(language), _added(event)
    name = " ".join(client_name(consent.application).split())
    context = {
        "app": name,
        "site": idp_settings.site_name,
        "first": first,
        "at": event.at,
        "titles": [scope_title(scope, known) for scope in sorted(new)],
        "url": app_url(consent),
        "language": language,
        "rtl": translation.get_language_bidi(),
    }
    if first:
        subject = _("%(app)s has access to your account") % {"app": name}
    else:
        subject = _("%(app)s may do more with your account") % {"app": name}
    mail = EmailMultiAlternatives(
        subject, render_to_string("idp/mail/notice.txt", context), to=[address]
    )
    mail.attach_alternative(render_to_string("idp/mail/notice.html", context), "text/html")
    return mail


def app_url(consent: Consent) -> str:
    """Return the address of the page about the client, or an empty text where it is not known."""
    try:
        path = reverse("idp:connected-app", args=(consent.public_id,))
    except NoReverseMatch:
        return ""
    origin = idp_settings.public_origin
    return f"{origin}{path}" if origin else ""


def send_beside(mail: EmailMultiAlternatives) -> None:
    """Send a mail from another thread; a failure is logged, without address and content."""
    if not _places.acquire(blocking=False):
        logger.error("too many notices wait for the mail server; one was dropped")
        return
    _sender().submit(_send, mail)


def wait_for_notices() -> None:
    """Return when every mail that waited was sent or failed; for tests and for an orderly end."""
    _sender().submit(lambda: None).result()


def _send(mail: EmailMultiAlternatives) -> None:
    try:
        mail.send()
    except Exception:
        logger.exception("a notice could not be sent")
    finally:
        _places.release()


@lru_cache(maxsize=1)
def _sender() -> ThreadPoolExecutor:
    """Return the one thread that sends; made at first use, so that each process has its own."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="idp-notice")


def _added(event: ConsentEvent) -> frozenset[str]:
    return frozenset(event.scopes_after.split()) - frozenset(event.scopes_before.split())
