"""Where the site's own classes and settings have their word on an authorization request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from idp.domain import pkce
from idp.domain.consent import ConsentDecision, ConsentKind
from idp.domain.decision import Reason, Severity
from idp.dot.site_word import (
    site_insists_on_pkce,
    site_offer,
    site_refuses,
    site_refuses_pkce,
)
from idp.services.event import record_event
from idp.services.site_consent import unasked
from idp.views.authorization_request import ClientError, Flow, pkce_fault

if TYPE_CHECKING:
    from django.http import HttpRequest

    from idp.domain.resolution import Resolution


def hear_site(flow: Flow, request: HttpRequest) -> None:
    """Keep what the site offers to the client, and refuse a code challenge that it refuses.

    Raises:
        ClientError: ``invalid_request`` for PKCE that the site required before us.
    """
    client = flow.proven
    flow.offer = site_offer(request, client, flow.get("scope"))
    fault = pkce_fault(flow)
    challenge, method = flow.get("code_challenge"), flow.get("code_challenge_method")
    if fault is None and not challenge and site_insists_on_pkce(request, client):
        fault = pkce.fault(challenge, method)
    if fault is not None and site_refuses_pkce(request, client, challenge, method):
        raise ClientError("invalid_request", fault)


def hear_site_on_scopes(flow: Flow, request: HttpRequest, resolution: Resolution) -> None:
    """Refuse what the site's own validator refuses.

    Raises:
        ClientError: with the error of the method that refuses.
    """
    error = site_refuses(request, flow.proven, resolution.granted, flow.redirect_uri)
    if error:
        text = "The site's own rules refuse this request."
        raise ClientError(error, Reason("site_rule", Severity.ERROR, text, "RFC 6749 §4.1.2.1"))


def as_site_asked(
    flow: Flow, request: HttpRequest, resolution: Resolution, decision: ConsentDecision
) -> ConsentDecision:
    """Return the decision about consent; silent where the site of old was, while we report."""
    if decision.kind is ConsentKind.NOTHING or "consent" in flow.prompt:
        return decision
    cause = unasked(flow.proven, request.user, resolution.granted, flow.now)
    if cause is None:
        return decision
    record_event(
        "consent.would_ask",
        severity="info",
        client_id=flow.proven.facts.client_id,
        user=request.user,
        origin=flow.origin,
        reasons=[decision.reason, cause],
        now=flow.now,
    )
    nothing = frozenset[str]()
    return replace(
        decision,
        kind=ConsentKind.NOTHING,
        new=nothing,
        changed=nothing,
        allowed=resolution.granted,
        reason=cause,
    )
