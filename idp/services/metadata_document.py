"""Clients that describe themselves in a document: registered by its address, never vouched for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from idp.conf import application_model
from idp.domain.metadata_document import inspect_document
from idp.domain.registration import read
from idp.domain.registration_value import BadValue
from idp.models import ClientPolicy
from idp.services.catalogue import current_catalogue
from idp.services.change import Refused, fault
from idp.services.client import Client, ensure_policy
from idp.services.client_name import inspect_borrowed_name
from idp.services.client_registration import register_client, spec_of, update_client
from idp.services.client_spec import ClientSpec
from idp.services.registration import SOURCE
from idp.services.registration_limit import note_network
from idp.services.registration_sector import inspect_sector
from idp.services.registration_spec import specification


def is_described_by_document(client: Client) -> bool:
    """Return whether a client came by its document, here or in the toolkit before."""
    theirs = getattr(client.application, "registration_source", "") == "cimd"
    return client.policy.source == ClientPolicy.Source.DOCUMENT or theirs


def is_stale(client: Client, now: datetime) -> bool:
    """Return whether the document has to be looked at again."""
    expires = getattr(client.application, "cimd_expires_at", None)
    return expires is None or expires <= now


def adopt_document(
    client_id: str,
    document: Mapping[str, Any],
    *,
    expires_at: datetime,
    now: datetime,
    address: str = "",
) -> Any:
    """Make a client what its document says, and return its row.

    Users are asked every time, because whoever can write at the address becomes the client.

    Args:
        client_id: the address of the document.
        document: a JSON object.
        expires_at: when it has to be looked at again.
        now: the time.
        address: where the request came from that named it first, as far as that is known.

    Raises:
        Refused: the document breaks rules, or the client id belongs to another kind of client.
    """
    reason = inspect_document(client_id, document)
    if reason is not None:
        raise Refused([("client_id", reason)])
    stored = application_model()._default_manager.filter(client_id=client_id).first()
    spec = _specification(client_id, document, None if stored is None else spec_of(stored))
    with transaction.atomic():
        if stored is None:
            stored, _none = register_client(spec, source=SOURCE, first_secret=False, now=now)
            ClientPolicy.objects.filter(application=stored).update(
                source=ClientPolicy.Source.DOCUMENT
            )
            note_network(stored, address)
        else:
            _refuse_others(stored)
            update_client(stored, spec, source=SOURCE, now=now)
        stored.registration_source, stored.cimd_expires_at = "cimd", expires_at
        stored.save(update_fields=("registration_source", "cimd_expires_at"))
    return stored


def _specification(
    client_id: str, document: Mapping[str, Any], before: ClientSpec | None
) -> ClientSpec:
    described = read(document)
    if described.faults:
        raise Refused(described.faults)
    try:
        spec = specification(described, current_catalogue(), before=before, default_method="none")
    except BadValue as bad:
        raise Refused([("grant_types", bad.reason("grant_types"))]) from bad
    known = None if before is None else before.client_name
    borrowed = inspect_borrowed_name(spec.client_name, before=known)
    if borrowed is not None:
        raise Refused([("client_name", borrowed)])
    reason = inspect_sector(spec)
    if reason is not None:
        raise Refused([("sector_identifier_uri", reason)])
    mode = spec.consent_mode if spec.verified else ClientPolicy.ConsentMode.ALWAYS
    return replace(spec, client_id=client_id, consent_mode=mode)


def _refuse_others(application: Any) -> None:
    """Refuse to let a document take over a client that was registered in another way."""
    policy = ensure_policy(application)
    ours = policy.source == ClientPolicy.Source.DOCUMENT
    if not ours and getattr(application, "registration_source", "") != "cimd":
        text = "The client id belongs to a client that was registered in another way."
        raise Refused([("client_id", fault("taken", text))])
