"""What a person is asked about a device, judged by the domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import translation

from idp.domain.client import DEVICE_CODE
from idp.domain.consent import ConsentDecision, decide
from idp.domain.decision import Reason, Severity
from idp.domain.snapshot import ConsentDocument
from idp.dot.site_word import site_offer
from idp.services.catalogue import words
from idp.services.client import Client, load_client
from idp.services.consent import note_expiry
from idp.services.consent_memory import Memory, recall, words_versions
from idp.services.consent_page import build_document
from idp.services.device import asked_scopes
from idp.services.resolution import resolve_request
from idp.services.sign_in import sign_in_facts

if TYPE_CHECKING:
    from django.http import HttpRequest

    from idp.domain.resolution import Resolution
    from idp.models import DeviceAuthorization, SignIn

ALWAYS = frozenset({"consent"})
"""A device is always asked about: nothing proves that who answers is who sits before it."""


class DeviceRefused(Exception):
    """The device gets nothing, whatever the user says."""

    def __init__(self, error: str, reason: Reason) -> None:
        super().__init__(error)
        self.error = error
        self.reason = reason


class SignInAgain(Exception):
    """What the device asks for needs another sign-in."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a device.

    Attributes:
        device: which.
        client: whose it is.
        sign_in: of the user who is asked.
        resolution: what this user may give.
        consent: what must be asked.
        memory: what was decided before.
        now: one time for the whole request.
    """

    device: DeviceAuthorization
    client: Client
    sign_in: SignIn
    resolution: Resolution
    consent: ConsentDecision
    memory: Memory
    now: datetime


def question_about(
    request: HttpRequest, device: DeviceAuthorization, sign_in: SignIn, now: datetime
) -> Question:
    """Return what the signed-in user is asked about a device, by the rules as they are now.

    Raises:
        DeviceRefused: client or user may not.
        SignInAgain: the sign-in is too old, or too weak.
    """
    client = _client(device)
    resolution = _resolution(request, device, client, sign_in, now)
    memory = recall(request.user, client)
    note_expiry(memory.consent, now)
    language = translation.get_language() or "en"
    consent = decide(
        asked=resolution.granted,
        client=client.facts,
        catalogue=client.catalogue(),
        words=words_versions(memory, language, client.catalogue_version),
        remembered=memory.remembered,
        prompt=ALWAYS,
        on_device=True,
        now=now,
        client_consent_mode="always",
    )
    return Question(device, client, sign_in, resolution, consent, memory, now)


def document(question: Question, user: Any) -> ConsentDocument:
    """Return what the consent page shows, in the language at hand."""
    client = question.client
    language = translation.get_language() or "en"
    return build_document(
        client=client,
        user=user,
        resolution=question.resolution,
        consent_decision=question.consent,
        catalogue=client.catalogue(),
        words=words(language, client.catalogue_version),
        redirect_uri="",
        now=question.now,
        language=language,
        memory=question.memory,
    )


def has_changed(question: Question, user: Any, shown: Mapping[str, Any]) -> bool:
    """Return whether the page would say something else now than what the user answered to."""
    with translation.override(str(shown.get("language") or "en")):
        present = document(question, user).as_dict()
    return any(present[name] != shown.get(name) for name in ("client", "apis", "durations"))


def _client(device: DeviceAuthorization) -> Client:
    client = load_client(device.application.client_id)
    if client is None or not client.facts.active:
        text = "The app on that device has been switched off by the people who run this site."
        raise DeviceRefused("unauthorized_client", _reason("client_disabled", text))
    if DEVICE_CODE not in client.facts.grant_types:
        text = "The app on that device may not be connected this way any more."
        raise DeviceRefused("unauthorized_client", _reason("grant_type", text))
    return client


def _resolution(
    request: HttpRequest,
    device: DeviceAuthorization,
    client: Client,
    sign_in: SignIn,
    now: datetime,
) -> Resolution:
    asked = asked_scopes(device)
    resolution = resolve_request(
        client,
        requested=asked,
        user=request.user,
        sign_in=sign_in_facts(sign_in, fresh=sign_in.at >= device.created_at),
        grant_type=DEVICE_CODE,
        now=now,
        offer=site_offer(request, client, device.scopes),
    )
    if resolution.error == "login_required":
        raise SignInAgain
    if resolution.error:
        what = _reason(resolution.error, "%(what)s", what=resolution.description)
        raise DeviceRefused(resolution.error, what)
    return resolution


def _reason(code: str, text: str, **params: object) -> Reason:
    return Reason(code, Severity.ERROR, text, "RFC 8628 §3.3", params)
