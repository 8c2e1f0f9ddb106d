"""What a pasted JWT says; nothing of it is believed unless a key of ours signed it."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.conf import application_model
from idp.dot.hint import read_own_jwt
from idp.models import Authorization, SignIn, SigningKey
from idp.services.event import printable
from idp.services.subject_identifier import subject_for

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

Found = tuple[Any, list[tuple[Any, object]]]

KINDS = {"at+jwt": _("Access token (JWT)"), "logout+jwt": _("Logout token")}


def find(text: str) -> Found | None:
    """Return what a JWT of ours says and what it is about, also after its end; None for no other.

    Args:
        text: as pasted.
    """
    token = read_own_jwt(text)
    if token is None:
        return None
    claims, header = token.claims, token.header
    application, user = _client(claims), None
    sign_in = _sign_in(claims.get("sid"))
    if sign_in is not None:
        user = sign_in.user
    elif application is not None:
        user = _user(application, claims.get("sub"))
    key = SigningKey.objects.filter(kid=str(header.get("kid") or "")).first()
    heading = KINDS.get(str(header.get("typ", "")).lower(), _("ID token"))
    facts: list[tuple[_StrOrPromise, object]] = [
        (_("Client"), display.client_link(application)),
        (_("User"), display.user_link(user)),
        (_("Sign-in"), display.object_link(sign_in, display.moment(sign_in.at) if sign_in else "")),
        (_("Issued"), _time(claims.get("iat"))),
        (_("Expires"), _time(claims.get("exp"))),
        (_("Signed with"), display.object_link(key)),
    ]
    if application is not None and user is not None:
        asked = urlencode({"client": application.client_id, "user": user.get_username()})
        url = f"{display.admin_url(Authorization, 'changelist')}?{asked}"
        facts.append((_("Authorizations"), display.link(url, _("Of this user for this client"))))
    return heading, facts


def issuer_of(text: str) -> str | None:
    """Return whom a JWT names as its issuer, of which nothing is proven; None for no JWT.

    Args:
        text: as pasted.
    """
    try:
        head, payload, _signature = text.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        return printable(str(claims.get("iss") or ""), 200)
    except (AttributeError, ValueError, binascii.Error, RecursionError):
        return None


def _client(claims: Any) -> Any:
    audience = claims.get("aud")
    several = audience if isinstance(audience, list) else [audience]
    named = [claims.get("client_id"), claims.get("azp"), *several]
    names = [name for name in named if isinstance(name, str) and "\0" not in name]
    return application_model()._default_manager.filter(client_id__in=names[:5]).first()


def _sign_in(sid: object) -> SignIn | None:
    try:
        return SignIn.objects.select_related("user").filter(sid=UUID(str(sid))).first()
    except ValueError:
        return None


def _user(application: Any, sub: object) -> Any:
    """Return the user whom a client knows by a subject, where that is the user's own key."""
    try:
        user = get_user_model()._default_manager.filter(pk=str(sub)).first()
    except (TypeError, ValueError, OverflowError, ValidationError):
        return None
    return user if user is not None and subject_for(application, user) == sub else None


def _time(value: object) -> Any:
    try:
        at = datetime.fromtimestamp(value, tz=UTC)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        return display.EMPTY
    return display.moment(at)
