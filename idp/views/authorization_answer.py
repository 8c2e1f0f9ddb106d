"""What a user decided on a consent page, carried out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from idp.domain import consent as rules
from idp.domain.decision import Reason, Severity
from idp.domain.snapshot import document_from_dict
from idp.models import Authorization, AuthorizationRequest
from idp.services.authorization import checksum
from idp.services.authorization_request import REPEAT, claim_request, code_of
from idp.services.consent import record_decision
from idp.services.retry import in_transaction
from idp.views import authorization_question as question
from idp.views.authorization_request import ClientError, Flow
from idp.views.authorization_response import answer, error_answer

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from idp.models import SignIn

DENIED = Reason(
    "access_denied",
    Severity.INFO,
    "The user did not allow it.",
    "RFC 6749 §4.1.2.1",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a consent page posted.

    Attributes:
        nonce: finds the request that the page was about.
        answer: ``allow`` or ``deny``.
        kept_scopes: optional scopes whose switch was on.
        duration: a duration, or empty.
    """

    nonce: str
    answer: str
    kept_scopes: frozenset[str]
    duration: str


def deny(
    request: HttpRequest, flow: Flow, kept: AuthorizationRequest, decision: Decision
) -> HttpResponse | None:
    """Record a refusal and tell the client; nothing that was granted before changes.

    Returns:
        None when another click was faster.
    """
    if not claim_request(kept, decision.answer, flow.now):
        return None
    shown = document_from_dict(kept.document or {})
    _record(request, flow, kept, frozenset(scope.name for scope in shown.scopes), allowed=False)
    return _denied(request, flow)


def allow(
    request: HttpRequest,
    flow: Flow,
    kept: AuthorizationRequest,
    decision: Decision,
    asked: question.Asked,
    sign_in: SignIn,
) -> HttpResponse | None:
    """Record consent and authorization, make the code, and answer the client; all or nothing.

    Returns:
        None when another click was faster.
    """
    if not claim_request(kept, decision.answer, flow.now):
        return None
    shown = document_from_dict(kept.document or {})
    duration = rules.choose_duration(shown, decision.duration)
    accepted = rules.for_duration(
        rules.accept(shown, decision.answer, decision.kept_scopes), duration
    )
    granted = accepted.granted & asked.resolution.granted
    if not granted:
        _record(request, flow, kept, accepted.declined, allowed=False)
        return _denied(request, flow)
    consent = record_decision(
        request.user,
        flow.proven.application,
        granted,
        allow=True,
        document=shown,
        declined=accepted.declined,
        duration=duration,
        origin=flow.origin,
        client=flow.proven,
        now=flow.now,
    )
    code = code_of(decision.nonce)
    refreshable = asked.resolution.lifetimes.refreshable and duration != rules.Duration.ONCE
    granting = question.granting_of(
        flow,
        request,
        scopes=granted,
        sign_in=sign_in,
        consent=consent,
        code=code,
        refreshable=refreshable,
        asked_at=kept.created_at,
    )
    question.issue(request, flow, code=code, granting=granting)
    return _answered(request, flow, {"code": code})


def same_answer(
    request: HttpRequest, kept: AuthorizationRequest, decision: Decision, flow: Flow, now: datetime
) -> HttpResponse | None:
    """Return the answer of a decision sent twice, or None where it cannot be given again."""
    kept.refresh_from_db(fields=("used_at", "decision"))
    recent = kept.used_at is not None and now - kept.used_at <= REPEAT
    if not recent or kept.decision != decision.answer or request.user.pk != kept.user_id:
        return None
    if decision.answer == "deny":
        return _denied(request, flow)
    code = code_of(decision.nonce)
    waiting = Authorization.objects.filter(
        code_digest=checksum(code), redeemed_at=None, ended_at=None
    )
    return _answered(request, flow, {"code": code}) if waiting.exists() else None


def _record(
    request: HttpRequest,
    flow: Flow,
    kept: AuthorizationRequest,
    scopes: frozenset[str],
    *,
    allowed: bool,
) -> None:
    record_decision(
        request.user,
        flow.proven.application,
        scopes,
        allow=allowed,
        document=document_from_dict(kept.document or {}),
        origin=flow.origin,
        client=flow.proven,
        now=flow.now,
    )
    question.record_refusal(flow, request, ClientError("access_denied", DENIED))


def _answered(request: HttpRequest, flow: Flow, parameters: dict[str, str]) -> HttpResponse:
    return answer(
        request,
        redirect_uri=flow.redirect_uri,
        response_mode=flow.response_mode,
        state=flow.get("state"),
        parameters=parameters,
    )


def _denied(request: HttpRequest, flow: Flow) -> HttpResponse:
    return error_answer(
        request,
        redirect_uri=flow.redirect_uri,
        response_mode=flow.response_mode,
        state=flow.get("state"),
        error="access_denied",
        description=DENIED.message,
    )


def allow_silently(
    request: HttpRequest,
    flow: Flow,
    asked: question.Asked,
    sign_in: SignIn,
    kept: AuthorizationRequest | None,
) -> dict[str, str] | None:
    """Return the answer to a request that needs no page, and note the silent use.

    Returns:
        None for a request that waited for a sign-in, or was pushed, and was answered before.
    """

    def work() -> dict[str, str] | None:
        waited = kept or flow.pushed
        if waited is not None and not claim_request(waited, "allow", flow.now):
            return None
        return question.issue_silently(request, flow, asked, sign_in)

    return in_transaction(work)
