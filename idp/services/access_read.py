"""What is stored about an access token, its client, user, consent and site, in one statement."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from idp.conf import access_token_model
from idp.domain.access import AuthorizationFacts, ConsentFacts, Epochs, TokenFacts
from idp.domain.party import ClientFacts, SignInFacts
from idp.models import Consent, ConsentScope, IssuedToken, SiteState
from idp.models.expression import JsonRows
from idp.models.prepared import Prepared
from idp.services.client import client_facts, policy_of, scope_rows
from idp.services.site import site_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Family:
    """The act of authorization behind a token.

    Attributes:
        id: its identifier, which is also the family of its refresh tokens.
        grant_type: how it came about.
        facts: what its life depends on.
        sign_in: how and when the user had signed in, or None where nobody recorded it.
        claims: as kept with it, see ``idp.domain.claim``.
        created_at: when.
    """

    id: uuid.UUID
    grant_type: str
    facts: AuthorizationFacts
    sign_in: SignInFacts | None
    claims: Mapping[str, Any]
    created_at: datetime | None


_TAKEN_BACK = (
    ConsentScope.objects.filter(consent=OuterRef("authorization__consent"))
    .exclude(state=ConsentScope.State.GRANTED)
    .order_by()
    .values("consent")
    .annotate(found=JsonRows(F("scope")))
    .values("found")
)
_FAMILY = JSONObject(
    taken_back=Subquery(_TAKEN_BACK),
    id="authorization__id",
    grant_type="authorization__grant_type",
    created_at="authorization__created_at",
    ended_at="authorization__ended_at",
    expires_at="authorization__expires_at",
    auth_time="authorization__auth_time",
    acr="authorization__acr",
    claims="authorization__claims",
    user_epoch="authorization__user_epoch",
    client_epoch="authorization__client_epoch",
    consent_epoch="authorization__consent_epoch",
    consent="authorization__consent_id",
    consent_status="authorization__consent__status",
    consent_expires_at="authorization__consent__expires_at",
    consent_present_epoch="authorization__consent__epoch",
)
_SITE = JSONObject(mode="mode", version="catalogue_version")


def annotate(tokens: QuerySet[Any]) -> QuerySet[Any]:
    """Return a queryset of access tokens that carries what the functions below read.

    The side tables know a token by its checksum alone, because the toolkit's rows come and go, so
    each is read by a subquery on its key instead of a join.
    """
    issued = IssuedToken.objects.filter(pk=OuterRef("token_checksum"))
    rows = tokens.select_related("application__idp_policy", "user__idp_subject")
    annotated: QuerySet[Any] = rows.annotate(
        idp_family=Subquery(issued.values(found=_FAMILY)),
        idp_scope_rows=scope_rows("application"),
        idp_site=Subquery(SiteState.objects.filter(pk=1).values(found=_SITE)),
    )
    return annotated


TOKEN: Prepared[Any] = Prepared(
    lambda checksum: annotate(access_token_model()._default_manager.all()).filter(
        token_checksum=checksum
    )
)
"""The access token of a checksum, annotated."""


def token_facts(token: Any) -> TokenFacts:
    """Return what the rules need to know of an annotated token."""
    client, user = token.application, token.user
    policy = getattr(client, "idp_policy", None)
    family = authorization(token)
    return TokenFacts(
        expires_at=token.expires,
        client_active=None
        if client is None
        else policy is None or policy.status == policy.Status.ACTIVE,
        user_active=None if user is None else bool(user.is_active),
        authorization=family.facts if family else None,
    )


def authorization(token: Any) -> Family | None:
    """Return the act of authorization behind an annotated token, or None."""
    row: Mapping[str, Any] | None = token.idp_family
    if row is None:
        return None
    auth_time = _time(row["auth_time"])
    return Family(
        id=uuid.UUID(row["id"]),
        grant_type=row["grant_type"],
        facts=_authorization_facts(token, row),
        sign_in=SignInFacts(at=auth_time, acr=row["acr"]) if auth_time else None,
        claims=_read(row["claims"]) or {},
        created_at=_time(row["created_at"]),
    )


def scopes_taken_back(token: Any) -> frozenset[str]:
    """Return the scopes that the user declined or took back since the token was issued."""
    found = token.idp_family["taken_back"] if token.idp_family else None
    return frozenset(_read(found) or ())


def site(token: Any) -> tuple[str, int]:
    """Return the site's mode and the version of its catalogue."""
    if token.idp_site is None:
        state = site_state()
        return state.mode, state.catalogue_version
    return token.idp_site["mode"], token.idp_site["version"]


def facts_of_client(token: Any) -> ClientFacts:
    """Return what the rules need to know of an annotated token's client."""
    client = token.application
    return client_facts(client, policy_of(client), token.idp_scope_rows or ())


def _authorization_facts(token: Any, row: Mapping[str, Any]) -> AuthorizationFacts:
    policy = getattr(token.application, "idp_policy", None)
    subject = getattr(token.user, "idp_subject", None)
    return AuthorizationFacts(
        ended=row["ended_at"] is not None,
        expires_at=_time(row["expires_at"]),
        born=Epochs(
            user=row["user_epoch"], client=row["client_epoch"], consent=row["consent_epoch"]
        ),
        present=Epochs(
            user=subject.epoch if subject else 0,
            client=policy.epoch if policy else 0,
            consent=row["consent_present_epoch"] or 0,
        ),
        consent=_consent_facts(row),
    )


def _consent_facts(row: Mapping[str, Any]) -> ConsentFacts | None:
    if row["consent"] is None:
        return None
    return ConsentFacts(
        active=row["consent_status"] == Consent.Status.ACTIVE,
        expires_at=_time(row["consent_expires_at"]),
    )


def _read(value: Any) -> Any:
    """Return JSON within JSON, which SQLite may hand on as text."""
    return json.loads(value) if isinstance(value, str) else value


def _time(text: str | None) -> datetime | None:
    """Return a time from JSON, where SQLite writes it without a zone."""
    value = parse_datetime(text) if text else None
    if value is not None and timezone.is_naive(value):
        return timezone.make_aware(value, connection.timezone)
    return value
