"""Clients that register themselves (RFC 7591) and manage that (RFC 7592), by everybody's rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from idp.domain.decision import Reason
from idp.domain.registration import Described, read
from idp.domain.registration_value import BadValue
from idp.models import ClientPolicy, ClientScope, ClientSecret
from idp.services.catalogue import current_catalogue
from idp.services.change import Refused, fault
from idp.services.client import Client, ensure_policy
from idp.services.client_name import inspect_borrowed_name
from idp.services.client_registration import (
    delete_client,
    register_client,
    spec_of,
    update_client,
)
from idp.services.client_secret import check_client_secret, issue_client_secret, live
from idp.services.client_spec import ClientSpec
from idp.services.registration_limit import note_network
from idp.services.registration_sector import inspect_sector
from idp.services.registration_spec import metadata, specification
from idp.services.registration_token import (
    forget_toolkit_tokens,
    issue_registration_token,
)

SOURCE = "registration"
_REDIRECTS = frozenset({"redirect_uris", "post_logout_redirect_uris"})
# What the server says of a registration, and a client cannot (RFC 7592 §2.2).
_ANSWERED = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)


class RegistrationRefused(ValueError):
    """A description that breaks rules.

    Attributes:
        error: error code on the wire (RFC 7591 §3.2.2).
        reasons: all of them, each a sentence.
    """

    def __init__(self, error: str, *reasons: Reason) -> None:
        super().__init__(" ".join(dict.fromkeys(reason.message for reason in reasons)))
        self.error, self.reasons = error, reasons


@dataclass(frozen=True, slots=True)
class Registration:
    """A client as it is registered now.

    Attributes:
        application: its row.
        metadata: what it is told of itself.
        token: what it manages itself with, or empty where that stayed the same.
        secret: its new secret, or None.
    """

    application: Any
    metadata: Mapping[str, Any]
    token: str = ""
    secret: str | None = None


def register_itself(
    document: Mapping[str, Any],
    *,
    by: Any = None,
    token_lifetime: timedelta | None = None,
    address: str = "",
    now: datetime | None = None,
) -> Registration:
    """Register a client as it describes itself, as far as every client may be so.

    Args:
        document: the JSON object that it sent.
        by: the user of the site who registers it, or None.
        token_lifetime: of its registration access token; None for no end.
        address: where it comes from, as far as that is known.
        now: the time; defaults to the clock.

    Raises:
        RegistrationRefused: the description breaks rules; nothing is stored.
    """
    at = now or timezone.now()
    described = _read(document)
    spec = _specification(described, by=by)
    with transaction.atomic():
        try:
            application, secret = register_client(spec, by=by, source=SOURCE, now=at)
        except Refused as refused:
            raise _refusal(refused) from refused
        _mark(application, "dcr")
        note_network(application, address)
        policy = ensure_policy(application)
        token = issue_registration_token(policy, lifetime=token_lifetime, now=at)
        return Registration(application, describe(application), token, secret)


def change_itself(
    client: Client,
    document: Mapping[str, Any],
    *,
    rotate: bool,
    toolkit_scope: str,
    token_lifetime: timedelta | None = None,
    now: datetime | None = None,
) -> Registration:
    """Make a client what it says that it is now; what it leaves out goes (RFC 7592 §2.2).

    Args:
        client: it, proven by its registration access token.
        document: the JSON object that it sent.
        rotate: whether it gets another registration access token.
        toolkit_scope: scope of the tokens that the toolkit gave to earlier registrations.
        token_lifetime: of the new token; None for no end.
        now: the time; defaults to the clock.

    Raises:
        RegistrationRefused: the description breaks rules; nothing is changed.
    """
    at, application = now or timezone.now(), client.application
    _refuse_answered(client, document, at)
    described = _read(document)
    before = spec_of(application)
    spec = _specification(described, before=before)
    with transaction.atomic():
        policy = ensure_policy(application)
        if policy.registration_token != client.policy.registration_token:
            text = "Another change took the place of this registration access token."
            raise RegistrationRefused("invalid_token", fault("token", text, "RFC 7592 §5"))
        try:
            update_client(application, spec, source=SOURCE, now=at)
        except Refused as refused:
            raise _refusal(refused) from refused
        token = ""
        if rotate:
            policy.refresh_from_db()
            token = issue_registration_token(policy, lifetime=token_lifetime, now=at)
            forget_toolkit_tokens(application, toolkit_scope)
        secret = _first_secret(application, spec, at)
        return Registration(application, describe(application), token, secret)


def remove_itself(client: Client, *, now: datetime | None = None) -> None:
    """Remove a client that wants to be gone; what people decided stays in the ledger."""
    delete_client(client.application, reason="removed by itself (RFC 7592)", now=now)


def describe(application: Any) -> dict[str, Any]:
    """Return a client as it is registered (RFC 7591 §3.2.1)."""
    waiting = (ClientScope.State.REQUESTED, ClientScope.State.REFUSED)
    rows = ClientScope.objects.filter(application=application).exclude(state__in=waiting)
    held = frozenset(rows.values_list("scope__name", flat=True))
    policy = ClientPolicy.objects.get(application=application)
    issued_at = int(policy.created_at.timestamp())
    return {**metadata(spec_of(application), held), "client_id_issued_at": issued_at}


def may_manage_itself(client: Client) -> bool:
    """Return whether a client still manages itself: it came by itself, and is switched on.

    One that an operator made the site's own is the operator's to change.
    """
    ours = client.policy.source == ClientPolicy.Source.REGISTRATION
    theirs = getattr(client.application, "registration_source", "") == "dcr"
    return (ours or theirs) and client.facts.active and not client.facts.first_party


def _read(document: Mapping[str, Any]) -> Described:
    if document.get("software_statement") is not None:
        text = "Software statements are not accepted; send the metadata itself."
        raise RegistrationRefused(
            "unapproved_software_statement", fault("software_statement", text, "RFC 7591 §2.3")
        )
    described = read(document)
    if described.faults:
        raise _refusal(Refused(described.faults))
    return described


def _specification(
    described: Described, *, before: ClientSpec | None = None, by: Any = None
) -> ClientSpec:
    try:
        spec = specification(described, current_catalogue(), before=before, by=by)
    except BadValue as bad:
        raise RegistrationRefused("invalid_client_metadata", bad.reason("grant_types")) from bad
    if described.get("scope", ()) and not spec.scopes:
        text = "None of these scopes is open to a client that registers itself."
        raise RegistrationRefused("invalid_client_metadata", fault("no_scope", text, "RFC 7591 §2"))
    known = None if before is None else before.client_name
    borrowed = inspect_borrowed_name(spec.client_name, before=known)
    reason = borrowed or inspect_sector(spec)
    if reason is not None:
        raise RegistrationRefused("invalid_client_metadata", reason)
    return spec


def _refusal(refused: Refused) -> RegistrationRefused:
    """Return a refusal of the rules in the words of RFC 7591; a wrong address has its own.

    What is wrong beside the addresses comes first: it may be why they do not fit.
    """
    others = [reason for key, reason in refused.errors if key not in _REDIRECTS]
    missing = [reason for _key, reason in refused.errors if reason.code == "redirect_uris_missing"]
    if others or missing:
        return RegistrationRefused("invalid_client_metadata", *others, *missing)
    return RegistrationRefused("invalid_redirect_uri", *(reason for _key, reason in refused.errors))


def _refuse_answered(client: Client, document: Mapping[str, Any], now: datetime) -> None:
    """Refuse what a client cannot say of itself (RFC 7592 §2.2)."""
    if document.get("client_id") != client.facts.client_id:
        text = "The client_id must be the one of this registration."
        raise RegistrationRefused(
            "invalid_client_metadata", fault("client_id", text, "RFC 7592 §2.2")
        )
    for name in _ANSWERED:
        if name in document:
            text = "%(name)s is the server's to say."
            reason = fault("servers_word", text, "RFC 7592 §2.2", name=name)
            raise RegistrationRefused("invalid_client_metadata", reason)
    secret = document.get("client_secret")
    if secret is not None and not (
        isinstance(secret, str) and check_client_secret(client.application, secret, now=now)
    ):
        text = "The client_secret is not the one of this client, which cannot choose another."
        raise RegistrationRefused(
            "invalid_client_metadata", fault("client_secret", text, "RFC 7592 §2.2")
        )


def _first_secret(application: Any, spec: ClientSpec, now: datetime) -> str | None:
    """Return a secret for a client that keeps one from now on."""
    if not spec.keeps_secret or live(ClientSecret.objects.filter(application=application), now):
        return None
    _row, plain = issue_client_secret(application, label="main", now=now)
    return plain


def _mark(application: Any, source: str) -> None:
    """Let the toolkit know as well how a client came to be here."""
    if hasattr(application, "registration_source"):
        application.registration_source = source
        application.save(update_fields=("registration_source",))
