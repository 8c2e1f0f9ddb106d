"""Every fault at every endpoint, and its answer: data for a test and for a page of the docs.

``tests.views.test_faults`` sends each; ``python -m tools.faults`` writes ``errors.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PAGE = "a page"
EMPTY: Mapping[str, str] = {}


@dataclass(frozen=True)
class Fault:
    """One fault and its answer.

    Attributes:
        what: the fault, in words.
        status: of the answer; 302 where the client is told by redirect.
        error: code of the answer, or ``PAGE``.
        changes: to a good request, by parameter; None leaves one out, and ``$name`` stands for
            what the test's world has under that name.
        method: of the request, where it is not the good one's.
        sender: who sends it: ``client`` (by its secret), ``nobody``, or a name of the world's.
        headers: of the answer, each with the beginning of its value.
        raw: a whole body instead of parameters, and its media type.
    """

    what: str
    status: int
    error: str
    changes: Mapping[str, str | list[str] | None] = field(default_factory=dict)
    method: str = ""
    sender: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: tuple[str, str] | None = None


BASIC = {"WWW-Authenticate": "Basic "}
NEVER: Mapping[str, Mapping[str, str]] = {
    "discovery": {},
    "sample API": {},
}
"""Endpoints that anybody may keep the answers of; those of all others are no-store."""

REQUEST = [
    Fault("parameter twice", 400, "invalid_request", {"scope": ["openid", "openid"]}),
    Fault("control character", 400, "invalid_request", {"client_id": "a\x00b"}),
]
"""What every back channel that takes a scope refuses alike."""

CLIENT = [
    Fault("unknown client", 401, "invalid_client", sender="unknown", headers=BASIC),
    Fault("wrong secret", 401, "invalid_client", sender="wrong", headers=BASIC),
    Fault("client that is switched off", 401, "invalid_client", sender="disabled", headers=BASIC),
    Fault("no client", 401, "invalid_client", sender="nobody", headers=BASIC),
    Fault("header that is no Basic", 401, "invalid_client", sender="garbled", headers=BASIC),
    Fault("two methods of authentication", 400, "invalid_request", {"client_secret": "x"}),
    Fault(
        "assertion that is no JWT",
        401,
        "invalid_client",
        {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": "x",
        },
        sender="nobody",
    ),
    Fault("body that is no form", 400, "invalid_request", raw=("{}", "application/json")),
    Fault("body that is not UTF-8", 400, "invalid_request", raw=("a=%ff", "")),
    Fault("other method", 405, "invalid_request", method="GET", headers={"Allow": "POST"}),
]
"""What every endpoint refuses where clients prove themselves."""

AUTHORIZATION = [
    Fault("response_type missing", 302, "invalid_request", {"response_type": None}),
    Fault(
        "response_type that is not code",
        302,
        "unsupported_response_type",
        {"response_type": "token"},
    ),
    Fault(
        "response_mode other than query and form_post",
        302,
        "invalid_request",
        {"response_mode": "fragment"},
    ),
    Fault("code_challenge missing", 302, "invalid_request", {"code_challenge": None}),
    Fault(
        "code_challenge_method plain", 302, "invalid_request", {"code_challenge_method": "plain"}
    ),
    Fault("parameter twice", 302, "invalid_request", {"nonce": ["a", "b"]}),
    Fault("nonce too long", 302, "invalid_request", {"nonce": "n" * 256}),
    Fault("prompt none with another", 302, "invalid_request", {"prompt": "none login"}),
    Fault("unknown prompt", 302, "invalid_request", {"prompt": "create"}),
    Fault("max_age that is no number", 302, "invalid_request", {"max_age": "soon"}),
    Fault("claims that are malformed", 302, "invalid_request", {"claims": "x"}),
    Fault("id_token_hint that is not ours", 302, "invalid_request", {"id_token_hint": "a.b.c"}),
    Fault("request", 302, "request_not_supported", {"request": "a.b.c"}),
    Fault("registration", 302, "registration_not_supported", {"registration": "{}"}),
    Fault("unknown scope", 302, "invalid_scope", {"scope": "openid unknown"}),
    Fault("scope that is malformed", 302, "invalid_scope", {"scope": 'a"b'}),
    Fault("scope that is not the client's", 302, "invalid_scope", {"scope": "mail:read"}),
    Fault("unknown resource", 302, "invalid_target", {"resource": "https://unknown.example/"}),
]
"""What is wrong with an authorization request, once client and redirect URI are proven."""

FAULTS: Mapping[str, list[Fault]] = {
    "authorization": [
        Fault("client_id missing", 400, PAGE, {"client_id": None}),
        Fault("unknown client", 400, PAGE, {"client_id": "unknown"}),
        Fault("client that is switched off", 400, PAGE, {"client_id": "$disabled_id"}),
        Fault("client_id twice", 400, PAGE, {"client_id": ["a", "b"]}),
        Fault("redirect_uri missing", 400, PAGE, {"redirect_uri": None}),
        Fault(
            "redirect_uri that is not registered", 400, PAGE, {"redirect_uri": "https://x.example/"}
        ),
        Fault(
            "request_uri that was not pushed here",
            302,
            "request_uri_not_supported",
            {"request_uri": "https://client.example.com/r"},
        ),
        Fault(
            "pushed request that is unknown or over",
            400,
            PAGE,
            {"request_uri": "urn:ietf:params:oauth:request_uri:x"},
        ),
        *AUTHORIZATION,
        Fault("scope that the user may not give", 302, "access_denied", {"scope": "staff:read"}),
        Fault(
            "prompt none, nobody signed in",
            302,
            "login_required",
            {"prompt": "none"},
            sender="stranger",
        ),
        Fault("prompt none, without consent", 302, "consent_required", {"prompt": "none"}),
        Fault(
            "prompt none, sign-in too old",
            302,
            "login_required",
            {"prompt": "none", "max_age": "0"},
        ),
        Fault(
            "id_token_hint of another user",
            302,
            "login_required",
            {"id_token_hint": "$foreign_hint"},
        ),
        Fault(
            "essential acr that nobody reaches",
            302,
            "login_required",
            {
                "prompt": "none",
                "claims": '{"id_token": {"acr": {"essential": true, "value": "x"}}}',
            },
        ),
        Fault("other method", 405, "", method="PUT", headers={"Allow": "GET"}),
    ],
    "authorization, decision": [
        Fault("unknown page", 400, PAGE, {"nonce": "x" * 43}),
        Fault("nonce missing", 400, PAGE, {"nonce": None}),
        Fault("decision that is neither allow nor deny", 400, PAGE, {"decision": "maybe"}),
        Fault("page of another browser", 400, PAGE, sender="stranger"),
        Fault("deny", 302, "access_denied", {"decision": "deny"}),
        Fault("other method", 405, "", method="GET", headers={"Allow": "POST"}),
    ],
    "pushed authorization request": [
        *CLIENT,
        *[Fault(each.what, 400, each.error, each.changes) for each in AUTHORIZATION],
        Fault("client_id of another client", 400, "invalid_request", {"client_id": "another"}),
        Fault(
            "redirect_uri that is not registered",
            400,
            "invalid_request",
            {"redirect_uri": "https://x.example/"},
        ),
        Fault("request_uri", 400, "invalid_request", {"request_uri": "urn:x"}),
    ],
    "token": [
        *CLIENT,
        Fault("grant_type missing", 400, "invalid_request", {"grant_type": None}),
        Fault("unknown grant_type", 400, "unsupported_grant_type", {"grant_type": "x"}),
        Fault("password", 400, "unsupported_grant_type", {"grant_type": "password"}),
        Fault("query beside the body", 400, "invalid_request", {"?": "a=b"}),
    ],
    "token, authorization_code": [
        Fault("code missing", 400, "invalid_request", {"code": None}),
        Fault("unknown code", 400, "invalid_grant", {"code": "x"}),
        Fault("code that was used", 400, "invalid_grant", {"code": "$used_code"}),
        Fault("code of another client", 400, "invalid_grant", {"code": "$foreign_code"}),
        Fault("code_verifier missing", 400, "invalid_request", {"code_verifier": None}),
        Fault("wrong code_verifier", 400, "invalid_grant", {"code_verifier": "w" * 43}),
        Fault("malformed code_verifier", 400, "invalid_grant", {"code_verifier": "short"}),
        Fault("redirect_uri missing", 400, "invalid_request", {"redirect_uri": None}),
        Fault(
            "other redirect_uri",
            400,
            "invalid_grant",
            {"redirect_uri": "https://client.example.com/other"},
        ),
        Fault(
            "resource that was not asked for",
            400,
            "invalid_target",
            {"resource": "https://unknown.example/"},
        ),
        Fault("parameter twice", 400, "invalid_request", {"code": ["a", "b"]}),
    ],
    "token, refresh_token": [
        Fault("refresh_token missing", 400, "invalid_request", {"refresh_token": None}),
        Fault("unknown refresh_token", 400, "invalid_grant", {"refresh_token": "x"}),
        Fault("access token instead", 400, "invalid_grant", {"refresh_token": "$access_token"}),
        Fault(
            "refresh_token of another client",
            400,
            "invalid_grant",
            {"refresh_token": "$foreign_refresh"},
        ),
        Fault("wider scope", 400, "invalid_scope", {"scope": "openid mail:read"}),
        Fault("malformed scope", 400, "invalid_scope", {"scope": 'a"'}),
        Fault(
            "resource that was not asked for",
            400,
            "invalid_target",
            {"resource": "https://unknown.example/"},
        ),
    ],
    "token, client_credentials": [
        Fault("client of another grant type", 400, "unauthorized_client", sender="web"),
        Fault(
            "public client",
            400,
            "unauthorized_client",
            {"client_id": "$public_id"},
            sender="nobody",
        ),
        Fault("unknown scope", 400, "invalid_scope", {"scope": "unknown"}),
        Fault("scope that is not the client's", 400, "invalid_scope", {"scope": "mail:read"}),
        Fault("openid", 400, "invalid_scope", {"scope": "openid"}),
        Fault("unknown resource", 400, "invalid_target", {"resource": "https://unknown.example/"}),
    ],
    "token, device_code": [
        Fault("nobody decided yet", 400, "authorization_pending"),
        Fault("asked too soon again", 400, "slow_down", {"again": "1"}),
        Fault("device_code missing", 400, "invalid_request", {"device_code": None}),
        Fault("unknown device_code", 400, "invalid_grant", {"device_code": "x"}),
        Fault(
            "device_code of another client",
            400,
            "invalid_grant",
            {"device_code": "$foreign_device_code"},
        ),
        Fault("codes that are over", 400, "expired_token", {"device_code": "$old_device_code"}),
        Fault(
            "refused by the person", 400, "access_denied", {"device_code": "$refused_device_code"}
        ),
    ],
    "device authorization": [
        *REQUEST[:1],
        Fault("unknown client", 401, "invalid_client", {"client_id": "unknown"}),
        Fault("client_id missing", 401, "invalid_client", {"client_id": None}),
        Fault(
            "client of another grant type", 400, "unauthorized_client", {"client_id": "$public_id"}
        ),
        Fault("unknown scope", 400, "invalid_scope", {"scope": "unknown"}),
        Fault("unknown resource", 400, "invalid_target", {"resource": "https://unknown.example/"}),
        Fault("other method", 405, "invalid_request", method="GET", headers={"Allow": "POST"}),
    ],
    "revocation": [
        *CLIENT,
        Fault("token missing", 400, "invalid_request", {"token": None}),
        Fault("token of another client", 400, "invalid_grant", {"token": "$foreign_refresh"}),
        Fault("ID token", 400, "unsupported_token_type", {"token": "$id_token"}),
        Fault("unknown token", 200, "", {"token": "x"}),
    ],
    "introspection": [
        *CLIENT,
        Fault("token missing", 400, "invalid_request", {"token": None}),
        Fault(
            "public client",
            403,
            "unauthorized_client",
            {"client_id": "$public_id"},
            sender="nobody",
        ),
        Fault(
            "bearer token that is dead",
            401,
            "invalid_token",
            sender="dead bearer",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        ),
        Fault(
            "bearer token without the scope introspection",
            403,
            "insufficient_scope",
            sender="bearer",
            headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'},
        ),
        Fault("unknown token, or of another client", 200, "", {"token": "$foreign_refresh"}),
    ],
    "userinfo": [
        Fault(
            "no token",
            401,
            "invalid_token",
            sender="nobody",
            headers={"WWW-Authenticate": "Bearer "},
        ),
        Fault(
            "dead or unknown token",
            401,
            "invalid_token",
            sender="dead bearer",
            headers={"WWW-Authenticate": "Bearer "},
        ),
        Fault(
            "ID token",
            401,
            "invalid_token",
            sender="id token",
            headers={"WWW-Authenticate": "Bearer "},
        ),
        Fault(
            "token without a user",
            401,
            "invalid_token",
            sender="service bearer",
            headers={"WWW-Authenticate": "Bearer "},
        ),
        Fault(
            "token without openid",
            403,
            "insufficient_scope",
            sender="narrow bearer",
            headers={"WWW-Authenticate": "Bearer "},
        ),
        Fault(
            "token in header and body",
            400,
            "invalid_request",
            {"access_token": "$access_token"},
            method="POST",
            headers={"WWW-Authenticate": "Bearer "},
        ),
        Fault(
            "other method",
            405,
            "invalid_request",
            method="PUT",
            headers={"Allow": "GET, HEAD, POST"},
        ),
    ],
    "sign-out": [
        Fault(
            "post_logout_redirect_uri that is not registered",
            400,
            PAGE,
            {"post_logout_redirect_uri": "https://x.example/"},
        ),
        Fault(
            "post_logout_redirect_uri of nobody",
            400,
            PAGE,
            {"id_token_hint": None, "client_id": None},
        ),
        Fault("id_token_hint that is not ours", 400, PAGE, {"id_token_hint": "a.b.c"}),
        Fault(
            "client_id of another client than the hint's", 400, PAGE, {"client_id": "$public_id"}
        ),
        Fault("parameter twice", 400, PAGE, {"state": ["a", "b"]}),
    ],
    "registration": [
        Fault(
            "body that is no JSON", 400, "invalid_client_metadata", raw=("x", "application/json")
        ),
        Fault("redirect_uris missing", 400, "invalid_client_metadata", {"redirect_uris": None}),
        Fault(
            "redirect_uri that breaks a rule",
            400,
            "invalid_redirect_uri",
            {"redirect_uris": ["http://x.example/#a"]},
        ),
        Fault(
            "grant that is not offered",
            400,
            "invalid_client_metadata",
            {"grant_types": ["password"]},
        ),
        Fault(
            "unknown registration",
            401,
            "invalid_token",
            method="GET",
            headers={"WWW-Authenticate": "Bearer"},
        ),
    ],
    "discovery": [
        Fault(
            "metadata of another issuer",
            404,
            "not_found",
            {"/": "/.well-known/oauth-authorization-server/x"},
        ),
        Fault(
            "metadata of an unknown resource",
            404,
            "not_found",
            {"/": "/.well-known/oauth-protected-resource/x"},
        ),
        Fault(
            "other method",
            405,
            "invalid_request",
            method="POST",
            headers={"Allow": "GET, HEAD, OPTIONS"},
        ),
        Fault(
            "other method at the keys",
            405,
            "invalid_request",
            {"/": "/o/.well-known/jwks.json"},
            method="PUT",
            headers={"Allow": "GET, HEAD, OPTIONS"},
        ),
        Fault(
            "other method at the metadata of a resource",
            405,
            "invalid_request",
            {"/": "/.well-known/oauth-protected-resource"},
            method="POST",
            headers={"Allow": "GET, HEAD, OPTIONS"},
        ),
    ],
    "sample API": [
        Fault(
            "no token",
            401,
            "",
            sender="nobody",
            headers={"WWW-Authenticate": "Bearer resource_metadata="},
        ),
        Fault(
            "dead or unknown token",
            401,
            "invalid_token",
            sender="dead bearer",
            headers={"WWW-Authenticate": "Bearer "},
        ),
        Fault(
            "ID token",
            401,
            "invalid_token",
            sender="id token",
            headers={"WWW-Authenticate": "Bearer "},
        ),
        Fault(
            "scope missing",
            403,
            "insufficient_scope",
            sender="narrow bearer",
            headers={"WWW-Authenticate": "Bearer "},
        ),
    ],
}
"""Endpoint to its faults."""
