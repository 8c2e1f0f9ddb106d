"""Trying a client out: the decisions of a real authorization request, each told as a step."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation

from idp.domain.authentication import AuthenticationKind, demand, judge
from idp.domain.consent import ConsentDecision, ConsentKind, decide
from idp.domain.consent_answer import accept
from idp.domain.decision import Reason, Severity
from idp.domain.party import SignInFacts
from idp.domain.redirect_uri import is_on_device
from idp.domain.resolution import Resolution
from idp.domain.snapshot import ConsentDocument
from idp.services.catalogue import words
from idp.services.change import name_of
from idp.services.client import Client
from idp.services.consent_memory import Memory, recall, words_versions
from idp.services.consent_page import build_document
from idp.services.event import Origin, record_event
from idp.services.redirect_uri_match import MISMATCH, matching_uri
from idp.services.resolution import resolve_request
from idp.services.site_scope import offer_to

CODE = "authorization_code"
SWITCHED_OFF = Reason(
    "client_disabled", Severity.ERROR, "The client is switched off.", "RFC 6749 §4.1.2.1"
)
NOT_REGISTERED = Reason(
    "grant_type_not_allowed",
    Severity.ERROR,
    "The client is not registered for the grant type “authorization_code”.",
    "RFC 6749 §4.1.2.1",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is tried.

    Attributes:
        client: who asks.
        user: who is asked.
        redirect_uri: a registered one; the answer never goes there.
        scopes: what is asked for; None for the defaults.
        auth_age: how long ago the user signed in; None for a sign-in made for this request.
        acr: authentication context of that sign-in, or empty.
        language: of the page.
        now: the time.
    """

    client: Client
    user: Any
    redirect_uri: str
    scopes: frozenset[str] | None
    auth_age: timedelta | None = None
    acr: str = ""
    language: str = "en"
    now: datetime

    @property
    def sign_in(self) -> SignInFacts:
        """Return how the user would have signed in."""
        age = self.auth_age or timedelta(0)
        return SignInFacts(at=self.now - age, acr=self.acr, fresh=self.auth_age is None)


@dataclass(frozen=True, slots=True)
class Step:
    """One decision on the way.

    Attributes:
        name: ``client``, ``redirect_uri``, ``client_scopes``, ``sign_in``, ``user_scopes`` or
            ``consent``.
        passed: whether the request goes on.
        reasons: why, or what was found on the way.
        scopes: what may be granted so far, where the step says so.
    """

    name: str
    passed: bool
    reasons: tuple[Reason, ...] = ()
    scopes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """How far a request comes.

    Attributes:
        steps: each decision in order; the last one may have refused.
        resolution: what user and client may, once both were judged.
        consent: what would be asked.
        document: the page that would be shown; None where nothing is asked.
        granted: what is granted when the user allows everything; None for a refused request.
    """

    steps: tuple[Step, ...]
    resolution: Resolution | None = None
    consent: ConsentDecision | None = None
    document: ConsentDocument | None = None
    granted: frozenset[str] | None = None


def try_client(question: Question) -> Trial:
    """Return the decisions about a request, by the rules that decide at the endpoint.

    Nothing is granted and nobody is asked. In report mode the rules may note what they would
    refuse; whoever calls this inside a transaction that is rolled back leaves no trace.
    """
    steps = []
    for step in _of_client(question):
        steps.append(step)
        if not step.passed:
            return Trial(tuple(steps))
    return _of_user(question, steps)


def record_trial(
    client: Client, user: Any, *, outcome: str, by: Any, origin: Origin, now: datetime
) -> None:
    """Record that somebody tried a client out as a user; all else of it is gone."""
    record_event(
        "client.tried",
        severity="info",
        client_id=client.facts.client_id,
        user=by,
        origin=origin,
        detail={"as": user.get_username(), "outcome": outcome, "by": name_of(by)},
        distinct=uuid.uuid4().hex,
        now=now,
    )


def _of_client(question: Question) -> Iterator[Step]:
    client = question.client
    if not client.facts.active:
        yield Step("client", passed=False, reasons=(SWITCHED_OFF,))
    elif CODE not in client.facts.grant_types:
        yield Step("client", passed=False, reasons=(NOT_REGISTERED,))
    else:
        yield Step("client", passed=True)
    matched = matching_uri(client, question.redirect_uri, now=question.now)
    yield Step("redirect_uri", matched is not None, () if matched is not None else (MISMATCH,))
    resolution = _resolve(question, None, None)
    yield _scope_step("client_scopes", resolution)
    yield _sign_in_step(question, resolution)


def _of_user(question: Question, steps: list[Step]) -> Trial:
    resolution = _resolve(question, question.user, question.sign_in)
    steps.append(_scope_step("user_scopes", resolution))
    if not steps[-1].passed:
        return Trial(tuple(steps), resolution)
    memory = recall(question.user, question.client)
    decision = _decide(question, resolution, memory)
    refuses = decision.kind is ConsentKind.REFUSE
    steps.append(Step("consent", not refuses, (decision.reason,)))
    if refuses:
        return Trial(tuple(steps), resolution, decision)
    if decision.kind is ConsentKind.NOTHING:
        granted = decision.allowed & resolution.granted
        return Trial(tuple(steps), resolution, decision, granted=granted)
    document = _document(question, resolution, decision, memory)
    everything = frozenset(scope.name for scope in document.scopes)
    granted = accept(document, "allow", everything).granted & resolution.granted
    return Trial(tuple(steps), resolution, decision, document, granted)


def _resolve(question: Question, user: Any, sign_in: SignInFacts | None) -> Resolution:
    return resolve_request(
        question.client,
        requested=question.scopes,
        user=user,
        sign_in=sign_in,
        grant_type=CODE,
        now=question.now,
        offer=offer_to(question.client.application),
    )


def _scope_step(name: str, resolution: Resolution) -> Step:
    reasons = tuple(refusal.reason for refusal in resolution.refused)
    return Step(name, not resolution.error, reasons, resolution.granted)


def _sign_in_step(question: Question, resolution: Resolution) -> Step:
    wanted = demand(question.client.catalogue(), resolution.granted)
    fresh = question.auth_age is None
    decision = judge(
        prompt=frozenset(),
        max_age=wanted.max_age,
        acr_values=wanted.acr_values,
        sign_in=question.sign_in,
        sign_in_id="new" if fresh else "old",
        sign_in_id_at_request="old",
        now=question.now,
        acr_essential=bool(wanted.acr_values),
    )
    good = decision.kind is AuthenticationKind.NOTHING
    reason = decision.reason if good else replace(decision.reason, severity=Severity.ERROR)
    return Step("sign_in", good, (reason,))


def _decide(question: Question, resolution: Resolution, memory: Memory) -> ConsentDecision:
    client = question.client
    return decide(
        asked=resolution.granted,
        client=client.facts,
        catalogue=client.catalogue(),
        words=words_versions(memory, question.language, client.catalogue_version),
        remembered=memory.remembered,
        prompt=frozenset(),
        on_device=is_on_device(question.redirect_uri),
        now=question.now,
        client_consent_mode=client.policy.consent_mode,
    )


def _document(
    question: Question, resolution: Resolution, decision: ConsentDecision, memory: Memory
) -> ConsentDocument:
    client = question.client
    with translation.override(question.language):
        return build_document(
            client=client,
            user=question.user,
            resolution=resolution,
            consent_decision=decision,
            catalogue=client.catalogue(),
            words=words(question.language, client.catalogue_version),
            redirect_uri=question.redirect_uri,
            now=question.now,
            language=question.language,
            memory=memory,
        )
