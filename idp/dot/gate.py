"""Raw parameters are checked here before the toolkit or oauthlib sees a request.

One table says which parameters exist and what each may look like. What breaks a
rule is reported, not repaired: the caller decides where the error may be sent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from idp.domain.decision import Reason, Severity
from idp.domain.form import FormError, strict_form_decode

if TYPE_CHECKING:
    from django.http import HttpRequest

MAX_BODY = 64 * 1024
"""Bytes of a request body, or of a query, that are read at most."""


class Endpoint(StrEnum):
    """The endpoints whose parameters pass the gate."""

    AUTHORIZATION = "authorization"
    PUSHED = "pushed_authorization"
    DEVICE = "device_authorization"
    TOKEN = "token"  # noqa: S105
    REVOCATION = "revocation"
    INTROSPECTION = "introspection"
    LOGOUT = "logout"
    USERINFO = "userinfo"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a parameter may look like.

    Attributes:
        limit: most characters.
        pattern: the whole value must match.
        error: OAuth error code of a value that does not.
    """

    limit: int
    pattern: re.Pattern[str] | None = None
    error: str = "invalid_request"


_VSCHAR = re.compile(r"[\x20-\x7e]+")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_WORDS = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

SHAPES: Mapping[str, Shape] = {
    "client_id": Shape(255, _VSCHAR),
    "client_secret": Shape(1000, _VSCHAR, "invalid_client"),
    "client_assertion": Shape(16_000, _VSCHAR, "invalid_client"),
    "client_assertion_type": Shape(255, _VSCHAR, "invalid_client"),
    "redirect_uri": Shape(4000),
    "post_logout_redirect_uri": Shape(4000),
    "response_type": Shape(100, _WORDS),
    "response_mode": Shape(50, _TOKEN),
    "scope": Shape(4000, None, "invalid_scope"),
    "state": Shape(4000, _VSCHAR),
    "nonce": Shape(255, _VSCHAR),
    "code_challenge": Shape(128, _TOKEN),
    "code_challenge_method": Shape(20, _TOKEN),
    "prompt": Shape(200, _WORDS),
    "max_age": Shape(10, re.compile(r"[0-9]+")),
    "display": Shape(50),
    "ui_locales": Shape(500),
    "claims_locales": Shape(500),
    "login_hint": Shape(500),
    "acr_values": Shape(1000),
    "id_token_hint": Shape(16_000, _VSCHAR),
    "claims": Shape(16_000),
    "request": Shape(32_000),
    "request_uri": Shape(2000),
    "registration": Shape(16_000),
    "resource": Shape(2000, _VSCHAR, "invalid_target"),
    "grant_type": Shape(255, _VSCHAR),
    "code": Shape(512, _VSCHAR, "invalid_grant"),
    "device_code": Shape(512, _VSCHAR, "invalid_grant"),
    "code_verifier": Shape(128, re.compile(r"[A-Za-z0-9._~-]{43,128}"), "invalid_grant"),
    "refresh_token": Shape(4096, _VSCHAR, "invalid_grant"),
    "token": Shape(16_000, _VSCHAR),
    "token_type_hint": Shape(100, _VSCHAR),
    "access_token": Shape(16_000, _VSCHAR, "invalid_token"),
    "username": Shape(255),
    "password": Shape(4096),
    "logout_hint": Shape(500),
}

REPEATABLE = frozenset({"resource"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a parameter, and the OAuth error code that says so."""

    parameter: str
    error: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Submission:
    """The parameters of one request, decoded once.

    Attributes:
        values: name to value; those without a value are omitted (RFC 6749 §3.1), repeated ones too.
        resources: values of ``resource``, in order (RFC 8707 §2).
        faults: what is wrong, by parameter; the value of a faulty parameter is not in ``values``.
        unreadable: why nothing could be read at all, or None.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    resources: tuple[str, ...] = ()
    faults: Mapping[str, Fault] = field(default_factory=dict)
    unreadable: Fault | None = None

    def get(self, name: str) -> str:
        """Return a value, or an empty text."""
        return self.values.get(name, "")

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Return the accepted parameters as pairs, ``resource`` repeated."""
        return [*self.values.items(), *(("resource", value) for value in self.resources)]

    @property
    def first_fault(self) -> Fault | None:
        """Return the first thing that is wrong, or None."""
        return self.unreadable or next(iter(self.faults.values()), None)


def read(request: HttpRequest, endpoint: Endpoint) -> Submission:
    """Return the parameters that an endpoint reads from a request.

    A GET carries them in the query. A POST carries them in a form body; a query beside it is
    refused at the endpoints of back channels (RFC 6749 §3.2) and ignored elsewhere.
    """
    query = request.META.get("QUERY_STRING", "").encode("latin-1", "replace")
    if request.method != "POST":
        return parse(query)
    if endpoint not in {Endpoint.AUTHORIZATION, Endpoint.LOGOUT, Endpoint.USERINFO} and query:
        return Submission(
            unreadable=_fault("", "Send the parameters in the request body, not in the query.")
        )
    content_type = request.META.get("CONTENT_TYPE", "").split(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        if endpoint is Endpoint.USERINFO:
            return Submission()
        return Submission(
            unreadable=_fault("", "Send the body as application/x-www-form-urlencoded.")
        )
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        # Django reads the header again, unprepared, before it reads the body.
        return Submission(unreadable=_fault("", "The length of the request is not a number."))
    if length > MAX_BODY:
        return Submission(unreadable=_fault("", "The request body is too large."))
    return parse(request.body)


def parse(raw: bytes) -> Submission:
    """Return the parameters of a query or form body, given as received."""
    if len(raw) > MAX_BODY:
        return Submission(unreadable=_fault("", "The request is too large."))
    try:
        pairs = strict_form_decode(raw)
    except FormError:
        return Submission(
            unreadable=_fault(
                "", "The parameters are not form-encoded UTF-8; encode each value once."
            )
        )
    counts = Counter(name for name, _value in pairs)
    faults = {
        name: _fault(name, "The parameter “%(name)s” is given more than once.", name=name)
        for name, count in counts.items()
        if count > 1 and name not in REPEATABLE
    }
    values: dict[str, str] = {}
    resources: list[str] = []
    for name, value in pairs:
        if not value or name in faults:
            continue
        fault = _shape_fault(name, value)
        if fault is not None:
            faults[name] = fault
        elif name in REPEATABLE:
            resources.append(value)
        elif name in SHAPES:
            values[name] = value
    return Submission(values, tuple(resources), faults)


def _shape_fault(name: str, value: str) -> Fault | None:
    shape = SHAPES.get(name)
    if shape is None:
        return None
    if len(value) > shape.limit:
        text = "The parameter “%(name)s” is longer than %(limit)d characters."
        return _fault(name, text, error=shape.error, name=name, limit=shape.limit)
    if _CONTROL.search(value) or (shape.pattern and not shape.pattern.fullmatch(value)):
        text = "The parameter “%(name)s” contains characters that it must not contain."
        return _fault(name, text, error=shape.error, name=name)
    return None


def _fault(parameter: str, text: str, *, error: str = "invalid_request", **params: object) -> Fault:
    reason = Reason("malformed_parameter", Severity.ERROR, text, "RFC 6749 §3.1", params)
    return Fault(parameter, error, reason)
