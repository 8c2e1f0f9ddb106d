"""What an authorization request needs before it can be answered, judged by the domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.dateparse import parse_datetime

from idp.domain import credential
from idp.domain import redirect_uri as uri_rules
from idp.domain.claim import carriers, keep
from idp.domain.consent import ConsentDecision, decide
from idp.domain.decision import Reason, Severity
from idp.domain.snapshot import ConsentDocument
from idp.dot.issue import issue_code
from idp.dot.userinfo import claim_scopes
from idp.services.authorization import Granting
from idp.services.catalogue import words
from idp.services.consent import note_expiry
from idp.services.consent_memory import Memory, recall, words_versions
from idp.services.consent_page import build_document
from idp.services.consent_use import record_silent_use
from idp.services.event import record_event
from idp.services.resolution import as_detail, askable, resolve_request
from idp.services.sign_in import sign_in_facts
from idp.views.authorization_flow import ClientError, Flow, PageError
from idp.views.authorization_sign_in import sign_in_at_request
from idp.views.authorization_site import as_site_asked, hear_site, hear_site_on_scopes

if TYPE_CHECKING:
    from django.http import HttpRequest

    from idp.domain.resolution import Resolution
    from idp.models import AuthorizationRequest, SignIn


@dataclass(frozen=True, slots=True)
class Asked:
    """What one user would give one client, and what must be asked first."""

    resolution: Resolution
    consent: ConsentDecision
    memory: Memory


def judge_client(flow: Flow, request: HttpRequest) -> None:
    """Refuse what the client may not ask for, whoever the user is.

    Raises:
        ClientError: naming scope and rule.
    """
    hear_site(flow, request)
    flow.carriers = carriers_of(flow, None)
    flow.resolution = resolve_request(
        flow.proven,
        requested=flow.asked,
        user=None,
        sign_in=None,
        grant_type="authorization_code",
        now=flow.now,
        origin=flow.origin,
        offer=flow.offer,
    )
    _raise_for(flow.resolution)
    hear_site_on_scopes(flow, request, flow.resolution)


def carriers_of(flow: Flow, user: Any) -> frozenset[str]:
    """Return the scopes that claims asked by name need beside those that the request names.

    What the client may not ask of this user is left out without an error (OpenID Connect Core
    §5.5.1).
    """
    named = flow.scopes or frozenset()
    needed = carriers(flow.claims, claim_scopes()) - named if "openid" in named else frozenset()
    if not needed:
        return frozenset()
    return askable(flow.proven, needed, user=user, now=flow.now, offer=flow.offer)


def judge_user(
    flow: Flow, request: HttpRequest, sign_in: SignIn, kept: AuthorizationRequest | None
) -> Asked | None:
    """Return what the user would give and must be asked, or None when a new sign-in is needed.

    Raises:
        ClientError: nothing can be given, or not without a page that ``prompt=none`` forbids.
    """
    client = flow.proven
    fresh = sign_in_at_request(flow, sign_in, kept) != str(sign_in.sid)
    flow.carriers = carriers_of(flow, request.user)
    resolution = resolve_request(
        client,
        requested=flow.asked,
        user=request.user,
        sign_in=sign_in_facts(sign_in, fresh=fresh),
        grant_type="authorization_code",
        now=flow.now,
        origin=flow.origin,
        offer=flow.offer,
    )
    if resolution.error == "login_required" and "none" not in flow.prompt:
        return None
    flow.resolution = resolution
    _raise_for(resolution)
    memory = recall(request.user, client)
    note_expiry(memory.consent, flow.now)
    language = translation.get_language() or "en"
    consent = decide(
        asked=resolution.granted,
        client=client.facts,
        catalogue=client.catalogue(),
        words=words_versions(memory, language, client.catalogue_version),
        remembered=memory.remembered,
        prompt=flow.prompt,
        on_device=uri_rules.is_on_device(flow.redirect_uri),
        now=flow.now,
        client_consent_mode=client.policy.consent_mode,
    )
    return Asked(resolution, as_site_asked(flow, request, resolution, consent), memory)


def document(flow: Flow, request: HttpRequest, asked: Asked) -> ConsentDocument:
    """Return what the consent page shows."""
    client = flow.proven
    language = translation.get_language() or "en"
    return build_document(
        client=client,
        user=request.user,
        resolution=asked.resolution,
        consent_decision=asked.consent,
        catalogue=client.catalogue(),
        words=words(language, client.catalogue_version),
        redirect_uri=flow.redirect_uri,
        now=flow.now,
        language=language,
        memory=asked.memory,
    )


def has_changed(flow: Flow, request: HttpRequest, asked: Asked, kept: AuthorizationRequest) -> bool:
    """Return whether the page would say something else now than what the user answered to."""
    shown: Mapping[str, Any] = kept.document or {}
    with translation.override(str(shown.get("language") or "en")):
        present = document(flow, request, asked).as_dict()
    compared = ("client", "apis", "durations", "return_host", "on_device")
    return any(present[name] != shown.get(name) for name in compared)


def issue_silently(
    request: HttpRequest, flow: Flow, asked: Asked, sign_in: SignIn
) -> dict[str, str]:
    """Return the answer to a request that a remembered consent, or policy, answers by itself."""
    consent = asked.memory.consent
    if consent is not None and consent.is_live(flow.now):
        record_silent_use(consent, flow.now)
    else:
        consent = None
    code = credential.generate(credential.CODE)
    issue(
        request,
        flow,
        code=code,
        granting=granting_of(
            flow,
            request,
            scopes=asked.consent.allowed & asked.resolution.granted,
            sign_in=sign_in,
            consent=consent,
            code=code,
            refreshable=asked.resolution.lifetimes.refreshable,
        ),
    )
    return {"code": code}


def granting_of(
    flow: Flow,
    request: HttpRequest,
    *,
    scopes: frozenset[str],
    sign_in: SignIn,
    consent: Any,
    code: str,
    refreshable: bool,
    asked_at: datetime | None = None,
) -> Granting:
    """Return what one act of authorization grants."""
    return Granting(
        user=request.user,
        application=flow.proven.application,
        scopes=scopes,
        consent=consent,
        sign_in=sign_in,
        code=code,
        redirect_uri=flow.redirect_uri,
        redirect_uri_sent=flow.redirect_uri_sent,
        nonce=flow.get("nonce"),
        resource=flow.submission.resources,
        claims=keep(flow.claims, scopes & flow.carriers),
        refreshable=refreshable,
        asked_at=asked_at,
    )


def issue(request: HttpRequest, flow: Flow, *, code: str, granting: Granting) -> None:
    """Save the code of a decision, and note that the redirect URI was used."""
    issue_code(
        request,
        client=flow.proven,
        granting=granting,
        code_challenge=flow.get("code_challenge"),
        code_challenge_method=flow.get("code_challenge_method")
        or ("plain" if flow.get("code_challenge") else ""),
        state=flow.get("state"),
    )


def record_refusal(flow: Flow, request: HttpRequest, error: ClientError | PageError) -> None:
    """Record that a client was refused."""
    user = request.user if request.user.is_authenticated else None
    refused = flow.resolution.refused if flow.resolution else ()
    judged = as_detail(flow.resolution) if flow.resolution else {}
    record_event(
        "authorization.refused",
        severity="info" if error.error in {"login_required", "consent_required"} else "warning",
        client_id=flow.get("client_id"),
        user=user,
        origin=flow.origin,
        reasons=[refusal.reason for refusal in refused] or [error.reason],
        detail={"error": error.error, "scope": flow.get("scope"), **judged},
        now=flow.now,
    )


def connected_apps_url() -> str:
    """Return the address of the connected apps, or an empty text where they are not mounted."""
    try:
        return reverse("idp:connected-apps")
    except NoReverseMatch:
        return ""


def parsed_end(shown: ConsentDocument) -> datetime | None:
    """Return when the consent would end, for the page."""
    return parse_datetime(shown.ends_at) if shown.ends_at else None


def _raise_for(resolution: Resolution) -> None:
    if resolution.error:
        what = _reason(resolution.error, "%(what)s", what=resolution.description)
        raise ClientError(resolution.error, what)


def _reason(code: str, text: str, **params: object) -> Reason:
    return Reason(code, Severity.ERROR, text, "RFC 6749 §4.1.2.1", params)
