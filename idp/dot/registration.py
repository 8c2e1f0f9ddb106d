"""What the site set for dynamic registration, and who may register (RFC 7591)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from oauth2_provider.settings import oauth2_settings
from oauth2_provider.utils import parse_bearer_token

if TYPE_CHECKING:
    from django.http import HttpRequest


def registration_is_on() -> bool:
    """Return whether the site lets clients register themselves; off by default."""
    return bool(oauth2_settings.DCR_ENABLED)


def may_register(request: HttpRequest) -> bool:
    """Return whether every permission class of the site lets a request register a client.

    No classes let nobody.
    """
    classes = oauth2_settings.DCR_REGISTRATION_PERMISSION_CLASSES
    return bool(classes) and all(each().has_permission(request) for each in classes)


def token_lifetime() -> timedelta | None:
    """Return how long a registration access token lives, or None for no end."""
    seconds = oauth2_settings.DCR_REGISTRATION_TOKEN_EXPIRE_SECONDS
    return None if seconds is None else timedelta(seconds=seconds)


def rotates_token() -> bool:
    """Return whether a change of a registration gives it another token (RFC 7592 §5)."""
    return bool(oauth2_settings.DCR_ROTATE_REGISTRATION_TOKEN_ON_UPDATE)


def toolkit_scope() -> str:
    """Return the scope of registration access tokens that the toolkit issued."""
    return str(oauth2_settings.DCR_REGISTRATION_SCOPE)


def bearer_of(request: HttpRequest) -> str:
    """Return the token of the Authorization header, or an empty text (RFC 6750 §2.1)."""
    return parse_bearer_token(request.META.get("HTTP_AUTHORIZATION", "")) or ""
