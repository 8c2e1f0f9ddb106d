"""Sign-ins: a record of each, and which one the browser at hand carries."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from idp.conf import idp_settings
from idp.domain.party import SignInFacts
from idp.models import SignIn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.http import HttpRequest

SESSION_KEY = "idp_sign_in"
EARLIER_KEY = "idp_earlier_sign_ins"
MOST_EARLIER = 20


def record_sign_in(
    request: HttpRequest, user: Any, *, amr: tuple[str, ...] = (), acr: str = "", now: datetime
) -> SignIn:
    """Record that a user signed in, and let the session carry it.

    A host site says how in ``IDP["SIGN_IN"]``, and tells a second factor later with ``report``.

    Args:
        request: the request that signed in; its session is changed.
        user: who signed in.
        amr: authentication methods (RFC 8176 §2); empty for what the backend suggests.
        acr: authentication context class reference, or empty.
        now: the time.
    """
    backend = str(getattr(user, "backend", ""))
    sign_in = SignIn.objects.create(
        user=user,
        at=now,
        amr=list(amr) or (["pwd"] if backend.endswith("ModelBackend") else []),
        acr=acr[:255],
        backend=backend[:255],
    )
    before = request.session.get(SESSION_KEY)
    if before:
        earlier = [*request.session.get(EARLIER_KEY, ()), before]
        request.session[EARLIER_KEY] = earlier[-MOST_EARLIER:]
    request.session[SESSION_KEY] = sign_in.sid.hex
    return sign_in


def how_signed_in(request: HttpRequest, user: Any) -> tuple[tuple[str, ...], str]:
    """Return what the site's own hook says of a sign-in: ``amr`` and ``acr``, each may be empty."""
    hook = idp_settings.sign_in
    if isinstance(hook, str):
        hook = import_string(hook)
    said = (hook(request, user) if hook is not None else None) or {}
    return tuple(said.get("amr") or ()), str(said.get("acr") or "")


def report(request: HttpRequest, *, amr: Iterable[str] = (), acr: str = "") -> SignIn:
    """Add what a user proved since the sign-in of the session at hand, as with a second factor.

    It stays the same sign-in at the same time; a request that wants a new one still does.

    Args:
        request: a request of the signed-in user.
        amr: further authentication methods (RFC 8176 §2), such as ``("otp", "mfa")``.
        acr: the authentication context that is reached now; empty leaves it.

    Raises:
        ValueError: nobody is signed in.

    Source: OpenID Connect Core §2.
    """
    sign_in = current_sign_in(request)
    if sign_in is None:
        raise ValueError("nobody is signed in whose sign-in could be reported on")
    sign_in.amr = list(dict.fromkeys((*sign_in.amr, *amr)))
    sign_in.acr = acr[:255] or sign_in.acr
    sign_in.save(update_fields=("amr", "acr"))
    return sign_in


def current_sign_in(request: HttpRequest) -> SignIn | None:
    """Return the sign-in of the session at hand, or None when nobody is signed in.

    A session that is older than the provider gets a record from what the user row tells.
    """
    if not request.user.is_authenticated:
        return None
    sid = request.session.get(SESSION_KEY)
    if sid:
        found = SignIn.objects.filter(
            sid=uuid.UUID(sid), user_id=request.user.pk, ended_at=None
        ).first()
        if found is not None:
            return found
    known = getattr(request.user, "last_login", None) or datetime.fromtimestamp(0, tz=UTC)
    return record_sign_in(request, request.user, now=known)


def sign_ins_at_hand(request: HttpRequest) -> QuerySet[SignIn]:
    """Return every sign-in of the session at hand that has not ended.

    There are several where somebody signed in again in between, because a client asked for that;
    signing out ends them all.
    """
    session = getattr(request, "session", {})
    known = (session.get(SESSION_KEY), *session.get(EARLIER_KEY, ()))
    return SignIn.objects.filter(sid__in=[uuid.UUID(sid) for sid in known if sid], ended_at=None)


def sign_in_facts(sign_in: SignIn, *, fresh: bool = False) -> SignInFacts:
    """Return what decisions know of a sign-in."""
    return SignInFacts(at=sign_in.at, acr=sign_in.acr, amr=tuple(sign_in.amr), fresh=fresh)
