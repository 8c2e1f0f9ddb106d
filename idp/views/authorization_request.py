"""An authorization request is checked step by step; the order of the table is the specification."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from idp.domain import pkce
from idp.domain.claim import parse_claims
from idp.domain.decision import Reason, Severity
from idp.domain.scope import InvalidScope, parse
from idp.dot.document import known_client
from idp.services.event import record_event
from idp.services.pushed_request import PREFIX, find_pushed
from idp.services.redirect_uri_match import prove_redirect_uri
from idp.services.scope_api import unknown_resources
from idp.views.authorization_flow import ClientError, Flow, PageError, restored_submission

__all__ = ["CHECKS", "PROOF", "ClientError", "Flow", "PageError"]

RESPONSE_MODES = ("query", "form_post")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})


def _reason(code: str, text: str, reference: str, **params: object) -> Reason:
    return Reason(code, Severity.ERROR, text, reference, params)


ONLY_CODE = _reason(
    "response_type", "Only the response type “code” is supported.", "RFC 9700 §2.1.2"
)


def report_protocol(flow: Flow, reason: Reason) -> None:
    """Record what the protocol's rules would refuse, if they refused."""
    record_event(
        "protocol.would_refuse",
        severity="info",
        client_id=flow.proven.facts.client_id,
        origin=flow.origin,
        reasons=[reason],
        now=flow.now,
    )


def _readable(flow: Flow) -> None:
    fault = flow.submission.unreadable
    if fault is not None:
        raise PageError(fault.error, fault.reason)


def _client(flow: Flow) -> None:
    fault = flow.submission.faults.get("client_id")
    if fault is not None:
        raise PageError("invalid_request", fault.reason)
    client_id = flow.get("client_id")
    if not client_id:
        text = "The request does not say which app it comes from: “client_id” is missing."
        raise PageError("invalid_request", _reason("client_missing", text, "RFC 6749 §4.1.1"))
    flow.client = flow.client or known_client(client_id, origin=flow.origin, now=flow.now)
    if flow.client is None:
        text = "The app that sent you here is not registered with this site."
        raise PageError("invalid_client", _reason("unknown_client", text, "RFC 6749 §4.1.2.1"))
    if not flow.client.facts.active:
        text = "The app that sent you here has been switched off by the people who run this site."
        raise PageError(
            "unauthorized_client", _reason("client_disabled", text, "RFC 6749 §4.1.2.1")
        )


def _pushed(flow: Flow) -> None:
    """Take the parameters that the client pushed, and none of those that the browser brought.

    Source: RFC 9126 §4; RFC 9101 §5.
    """
    reference = flow.get("request_uri")
    if not reference.startswith(PREFIX):
        return
    found = find_pushed(reference, flow.proven.application)
    if found is None or found.expires_at <= flow.now:
        text = "The request that the app announced is not known here, or has expired."
        raise PageError("invalid_request_uri", _reason("pushed_unknown", text, "RFC 9126 §2.2"))
    if found.used_at is not None:
        text = "The request that the app announced was already answered."
        raise PageError("invalid_request_uri", _reason("pushed_used", text, "RFC 9126 §4"))
    flow.pushed, flow.submission = found, restored_submission(found)


def _no_reference(flow: Flow) -> None:
    if flow.get("request_uri"):
        text = "A pushed request must not refer to another: “request_uri” is not allowed here."
        raise PageError("invalid_request", _reason("pushed_reference", text, "RFC 9126 §2.1"))


def _redirect_uri(flow: Flow) -> None:
    fault = flow.submission.faults.get("redirect_uri")
    if fault is not None:
        raise PageError("invalid_request", fault.reason)
    client = flow.proven
    requested = flow.get("redirect_uri")
    registered = client.application.redirect_uris.split()
    if not requested:
        openid = "openid" in flow.get("scope").split()
        if len(registered) != 1 or openid:
            text = "The request does not say where to send the answer: “redirect_uri” is missing."
            raise PageError(
                "invalid_request", _reason("redirect_uri_missing", text, "RFC 6749 §3.1.2.3")
            )
        requested, flow.redirect_uri_sent = registered[0], False
    mismatch = prove_redirect_uri(client, requested, origin=flow.origin, now=flow.now)
    if mismatch is not None:
        raise PageError("invalid_request", mismatch.reason, dict(mismatch.detail))
    flow.redirect_uri = requested


def _parameters(flow: Flow) -> None:
    for fault in flow.submission.faults.values():
        raise ClientError(fault.error, fault.reason)


def _response_type(flow: Flow) -> None:
    response_type = flow.get("response_type")
    if not response_type:
        text = "The parameter “response_type” is missing; use “code”."
        raise ClientError(
            "invalid_request", _reason("response_type_missing", text, "RFC 6749 §4.1.1")
        )
    if response_type != "code":
        raise ClientError("unsupported_response_type", ONLY_CODE)
    if "authorization_code" not in flow.proven.facts.grant_types:
        text = "The client is not registered for the grant type “authorization_code”."
        raise ClientError("unauthorized_client", _reason("grant_type", text, "RFC 6749 §4.1.2.1"))


def _response_mode(flow: Flow) -> None:
    mode = flow.get("response_mode") or "query"
    if mode not in RESPONSE_MODES:
        text = "The response mode “%(mode)s” is not supported; use “query” or “form_post”."
        reference = "OAuth 2.0 Multiple Response Types §2.1"
        raise ClientError("invalid_request", _reason("response_mode", text, reference, mode=mode))
    flow.response_mode = mode


def _pushed_where_required(flow: Flow) -> None:
    if flow.pushed is None and flow.proven.policy.require_pushed_authorization_requests:
        text = "The client must push its authorization requests."
        raise ClientError("invalid_request", _reason("pushed_only", text, "RFC 9126 §6"))


def _request_objects(flow: Flow) -> None:
    for name in ("request", "request_uri", "registration"):
        if flow.get(name):
            text = "The parameter “%(name)s” is not supported."
            reason = _reason(
                f"{name}_not_supported", text, "OpenID Connect Core §3.1.2.6", name=name
            )
            raise ClientError(f"{name}_not_supported", reason)


def pkce_fault(flow: Flow) -> Reason | None:
    """Return what is wrong with the code challenge, or with its lack; None for a good request."""
    challenge = flow.get("code_challenge")
    if challenge:
        return pkce.fault(challenge, flow.get("code_challenge_method"))
    row = flow.proven.application
    return pkce.without_challenge(
        let_off=flow.proven.policy.nonce_instead_of_pkce,
        public=row.client_type != row.CLIENT_CONFIDENTIAL,
        scope=flow.get("scope"),
        nonce=flow.get("nonce"),
    )


def _pkce(flow: Flow) -> None:
    fault = pkce_fault(flow)
    if fault is None:
        return
    if flow.proven.enforces("protocol"):
        raise ClientError("invalid_request", fault)
    report_protocol(flow, fault)


def _prompt(flow: Flow) -> None:
    flow.prompt = frozenset(flow.get("prompt").split())
    unknown = flow.prompt - PROMPTS
    if unknown:
        text = "The prompt “%(prompt)s” is not supported."
        reason = _reason("prompt", text, "OpenID Connect Core §3.1.2.1", prompt=min(unknown))
        raise ClientError("invalid_request", reason)
    if "none" in flow.prompt and len(flow.prompt) > 1:
        text = "The prompt “none” cannot be combined with another."
        raise ClientError(
            "invalid_request", _reason("prompt", text, "OpenID Connect Core §3.1.2.1")
        )
    oldest = flow.get("max_age") or flow.proven.policy.default_max_age
    if oldest is not None:
        flow.max_age = timedelta(seconds=int(oldest))


def _claims(flow: Flow) -> None:
    text = flow.get("claims")
    if not text:
        return
    claims = parse_claims(text)
    if claims is None:
        sentence = "The parameter “claims” is not a JSON object of the form that is specified."
        raise ClientError(
            "invalid_request", _reason("claims", sentence, "OpenID Connect Core §5.5")
        )
    flow.claims = claims


def _resource(flow: Flow) -> None:
    unknown = unknown_resources(flow.submission.resources)
    if unknown and flow.proven.enforces("protocol"):
        text = "The resource “%(resource)s” is not an API of this provider."
        reason = _reason("resource", text, "RFC 8707 §2", resource=unknown[0][:200])
        raise ClientError("invalid_target", reason)


def _scope(flow: Flow) -> None:
    text = flow.get("scope")
    try:
        flow.scopes = parse(text) if text else None
    except InvalidScope as error:
        reason = _reason("malformed_scope", "%(what)s", "RFC 6749 §3.3", what=str(error))
        raise ClientError("invalid_scope", reason) from error


PROOF: tuple[Callable[[Flow], None], ...] = (_readable, _client, _pushed, _redirect_uri)
"""Until these hold, an error is a page."""

PUSHED_PROOF = (_readable, _client, _no_reference, _redirect_uri)
"""The same at the endpoint where requests are pushed."""

PUSHED_CHECKS: tuple[Callable[[Flow], None], ...] = (
    _response_mode,
    _parameters,
    _response_type,
    _request_objects,
    _pkce,
    _prompt,
    _claims,
    _resource,
    _scope,
)
"""Once client and redirect URI are proven, an error goes to the client."""

CHECKS = (*PUSHED_CHECKS, _pushed_where_required)
"""The same for a request that a browser brings."""
