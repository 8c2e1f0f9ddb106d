"""Whose a secret or code is that somebody found: looked up by its digest, and never used up."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import Any

from idp.conf import application_model
from idp.domain import credential, device
from idp.models import ClientPolicy, ClientSecret, DeviceAuthorization
from idp.services.authorization import checksum
from idp.services.client_secret_value import TooBusy, has_digest, has_toolkit_secret, same_secret

MOST_ALIKE = 5_000
"""Secrets that end in the same four characters; each costs one digest."""
MOST_SLOW = 3
"""Of those that were chosen by somebody, how many slow hashes a search may cost."""


def find_secret(text: str) -> tuple[Any, ClientSecret | None] | None:
    """Return the client whose secret a text is or was, and our row of it.

    Args:
        text: as found somewhere.

    Returns:
        None for no secret; no row for a secret that stands readable in the toolkit's column.
    """
    rows = ClientSecret.objects.filter(last_four=text[-4:]).select_related("application")
    alike = list(rows.order_by("-pk")[:MOST_ALIKE])
    for row in alike:
        if has_digest(row, text):
            return row.application, row
    try:
        for row in islice((row for row in alike if row.slow_hash), MOST_SLOW):
            if same_secret(row, text):
                return row.application, row
    except TooBusy:
        return None
    plain = application_model()._default_manager.filter(client_secret=text).first()
    return (plain, None) if plain is not None and has_toolkit_secret(plain) else None


def find_registration(text: str) -> ClientPolicy | None:
    """Return the client whose registration a token manages (RFC 7592 §3), by its digest."""
    if not credential.is_well_formed(text, credential.REGISTRATION):
        return None
    digest = hashlib.sha256(text.encode()).hexdigest()
    rows = ClientPolicy.objects.select_related("application")
    return rows.filter(registration_token=digest).first()


def find_device(text: str) -> DeviceAuthorization | None:
    """Return the device of a device code, or the newest of a user code as somebody typed it."""
    rows = DeviceAuthorization.objects.select_related("application", "user", "authorization")
    by_code = rows.filter(device_digest=checksum(text)).first()
    if by_code is not None:
        return by_code
    user_code = device.normalise(text)
    if not user_code:
        return None
    return rows.filter(user_code=user_code).order_by("-created_at").first()


def kind_of(text: str) -> str:
    """Return the prefix of a credential of ours that a text has the form of, or an empty text."""
    prefix = text.partition("_")[0]
    return prefix if prefix in credential.PREFIXES else ""


def is_complete(text: str) -> bool:
    """Return whether a text with a prefix of ours is whole: what is cut or mistyped is not."""
    return credential.is_well_formed(text, kind_of(text))
