"""What a person decided about a device, carried out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from idp.domain import consent as rules
from idp.domain.client import DEVICE_CODE
from idp.domain.snapshot import document_from_dict
from idp.models import DeviceAuthorization
from idp.services.authorization import Granting, create_authorization
from idp.services.authorization_request import claim_request
from idp.services.consent import record_decision
from idp.services.device import AlreadyDecided, settle_device
from idp.services.event import record_event
from idp.services.origin import origin_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from idp.domain.snapshot import ConsentDocument
    from idp.models import AuthorizationRequest
    from idp.views.device_question import Question

State = DeviceAuthorization.State


@dataclass(frozen=True, slots=True)
class Decision:
    """What the page about a device posted.

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


def carry_out(
    request: HttpRequest, question: Question, kept: AuthorizationRequest, decision: Decision
) -> bool:
    """Record the decision, and settle the device; all or nothing.

    Returns:
        Whether the device was let in.

    Raises:
        AlreadyDecided: another click was faster, or the codes have expired. The caller's
            transaction must fail.
    """
    if not claim_request(kept, decision.answer, question.now):
        raise AlreadyDecided
    shown = document_from_dict(kept.document or {})
    if decision.answer == "allow":
        duration = rules.choose_duration(shown, decision.duration)
        accepted = rules.for_duration(
            rules.accept(shown, decision.answer, decision.kept_scopes), duration
        )
        granted = accepted.granted & question.resolution.granted
        if granted:
            _allow(request, question, shown, granted, accepted.declined, duration)
            return True
    _refuse(request, question, shown)
    return False


def _allow(
    request: HttpRequest,
    question: Question,
    shown: ConsentDocument,
    granted: frozenset[str],
    declined: frozenset[str],
    duration: str,
) -> None:
    origin = origin_of(request)
    consent = record_decision(
        request.user,
        question.client.application,
        granted,
        allow=True,
        document=shown,
        declined=declined,
        duration=duration,
        origin=origin,
        client=question.client,
        now=question.now,
    )
    refreshable = question.resolution.lifetimes.refreshable and duration != rules.Duration.ONCE
    granting = Granting(
        user=request.user,
        application=question.client.application,
        scopes=granted,
        consent=consent,
        sign_in=question.sign_in,
        grant_type=DEVICE_CODE,
        resource=tuple(question.device.resource),
        refreshable=refreshable,
        asked_at=question.device.created_at,
    )
    authorization = create_authorization(granting, origin=origin, now=question.now)
    settle_device(
        question.device,
        state=State.ALLOWED,
        user=request.user,
        sign_in=question.sign_in,
        authorization=authorization,
        now=question.now,
    )


def _refuse(request: HttpRequest, question: Question, shown: ConsentDocument) -> None:
    settle_device(
        question.device,
        state=State.DENIED,
        user=request.user,
        sign_in=question.sign_in,
        now=question.now,
    )
    record_decision(
        request.user,
        question.client.application,
        frozenset(scope.name for scope in shown.scopes),
        allow=False,
        document=shown,
        origin=origin_of(request),
        client=question.client,
        now=question.now,
    )
    record_event(
        "device.denied",
        severity="info",
        client_id=question.client.facts.client_id,
        user=request.user,
        origin=origin_of(request),
        now=question.now,
    )
