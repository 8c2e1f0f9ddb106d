"""Who calls the API, and with what right: a bearer token in the header, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication

from idp.contrib.rest_framework import challenge
from idp.domain import access as rules
from idp.services.access import Access, judge_token

if TYPE_CHECKING:
    from rest_framework.request import Request

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # b64token, RFC 6750 §2.1
_LONGEST = 16_000
_REFUSAL = "idp.refusal"
_WELL_KNOWN = "/.well-known/oauth-protected-resource"
_MALFORMED = "The access token is malformed."
_OTHER_AUDIENCE = "The access token is meant for another resource."

# What the holder of a token is told. Why an operator or the user ended it stays between them.
_SPOKEN = {reason.code: reason.message for reason in (rules.TOKEN_EXPIRED, rules.TOKEN_MALFORMED)}
_UNSPOKEN = rules.TOKEN_UNKNOWN.message


class OAuth2Authentication(BaseAuthentication):
    """Authenticates by ``Authorization: Bearer``; a token in query or body counts for nothing.

    ``request.user`` is who gave the token, or an anonymous user for a client in its own name;
    ``request.auth`` is the toolkit's row. ``access_of(request)`` says what the token may do now.

    An API that has an identifier of its own (RFC 8707) names it in a subclass: tokens that were
    meant for another resource are then refused, and challenges lead to its own metadata.

    Attributes:
        resource: identifier of the API, an absolute URI or a path on this origin.
        audience_required: whether a token that names no resource at all is refused as well, as
            MCP wants it of every server.
    """

    resource = ""
    audience_required = False

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return user and token, or None where the request brings no bearer token.

        Raises:
            InvalidToken: the token may do nothing; on the wire 401 ``invalid_token``.

        Source: RFC 6750 §2.1, §3.1.
        """
        try:
            access = self._access(request)
        except challenge.InvalidToken as error:
            request.META[_REFUSAL] = error.description  # for the header
            raise
        if access is None:
            return None
        access.token.idp_access = access
        return access.user or AnonymousUser(), access.token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401; it names an error only where a token was brought.

        Source: RFC 6750 §3; RFC 9728 §5.1.
        """
        failed = request.META.get(_REFUSAL, "")
        return challenge.bearer(
            {
                "error": failed and "invalid_token",
                "error_description": failed,
                "resource_metadata": self.metadata(request),
            }
        )

    def identifier(self, request: Request) -> str:
        """Return the absolute identifier of the API that is called."""
        return request.build_absolute_uri(self.resource or "/")

    def metadata(self, request: Request) -> str:
        """Return the address of the API's metadata: the well-known path goes before its own.

        Source: RFC 9728 §3.1.
        """
        parts = urlsplit(self.identifier(request))
        return f"{parts.scheme}://{parts.netloc}{_WELL_KNOWN}{parts.path.rstrip('/')}"

    def _access(self, request: Request) -> Access | None:
        presented = self._presented(request)
        if presented is None:
            return None
        found = judge_token(presented)
        if not isinstance(found, Access):
            raise challenge.InvalidToken(_SPOKEN.get(found.reason.code, _UNSPOKEN))
        audience = found.token.resource
        if not audience:
            refused = self.audience_required
        else:
            refused = bool(self.resource) and self.identifier(request) not in audience
        if refused:
            raise challenge.InvalidToken(_OTHER_AUDIENCE)
        return found

    def _presented(self, request: Request) -> str | None:
        header: str = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _space, token = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = token.strip(" ")
        if len(token) > _LONGEST or not _TOKEN.fullmatch(token):
            raise challenge.InvalidToken(_MALFORMED)
        return token


def access_of(request: Request) -> Access | None:
    """Return what the request's token may do now, or None for a request without one."""
    access: Access | None = getattr(request.auth, "idp_access", None)
    return access
