"""What is stored about an access token, its client, user, consent and site, in one statement."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import F, Func, JSONField, OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from idp.domain.access import AuthorizationFacts, ConsentFacts, Epochs, TokenFacts
from idp.domain.party import ClientFacts, ClientScope, SignInFacts
from idp.models import ClientPolicy, Consent, ConsentScope, IssuedToken, SiteState
from idp.models import ClientScope as ClientScopeRow
from idp.services.site import site_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet


class JsonList(Func):
    """All values of an expression as one JSON array; NULL or empty where there is none."""

    function = "JSON_ARRAYAGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return the expression under SQLite's name."""
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return the expression under PostgreSQL's name."""
        return self.as_sql(compiler, connection, function="JSONB_AGG", **extra)


@dataclass(frozen=True, slots=True)
class Family:
    """The act of authorization behind a token.

    Attributes:
        id: its identifier, which is also the family of its refresh tokens.
        grant_type: how it came about.
        facts: what its life depends on.
        sign_in: how and when the user had signed in, or None where nobody recorded it.
    """

    id: uuid.UUID
    grant_type: str
    facts: AuthorizationFacts
    sign_in: SignInFacts | None


_FAMILY = JSONObject(
    id="authorization__id",
    grant_type="authorization__grant_type",
    ended_at="authorization__ended_at",
    expires_at="authorization__expires_at",
    auth_time="authorization__auth_time",
    acr="authorization__acr",
    user_epoch="authorization__user_epoch",
    client_epoch="authorization__client_epoch",
    consent_epoch="authorization__consent_epoch",
    consent="authorization__consent_id",
    consent_status="authorization__consent__status",
    consent_expires_at="authorization__consent__expires_at",
    consent_present_epoch="authorization__consent__epoch",
)
_SITE = JSONObject(mode="mode", version="catalogue_version")
_CLIENT_SCOPE = JSONObject(
    name="scope__name", requirement="requirement", default="default", state="state", until="until"
)


def annotate(tokens: QuerySet[Any]) -> QuerySet[Any]:
    """Return a queryset of access tokens that carries what the functions below read.

    The side tables know a token by its checksum alone, because the toolkit's rows come and go, so
    each is read by a subquery on its key instead of a join.
    """
    issued = IssuedToken.objects.filter(pk=OuterRef("token_checksum"))
    taken_back = ConsentScope.objects.filter(
        consent__authorizations__tokens=OuterRef("token_checksum")
    ).exclude(state=ConsentScope.State.GRANTED)
    registered = ClientScopeRow.objects.filter(application=OuterRef("application"))
    rows = tokens.select_related("application__idp_policy", "user__idp_subject")
    annotated: QuerySet[Any] = rows.annotate(
        idp_family=Subquery(issued.values(found=_FAMILY)),
        idp_taken_back=Subquery(taken_back.order_by().values(found=JsonList(F("scope")))),
        idp_client_scopes=Subquery(registered.order_by().values(found=JsonList(_CLIENT_SCOPE))),
        idp_site=Subquery(SiteState.objects.filter(pk=1).values(found=_SITE)),
    )
    return annotated


def token_facts(token: Any) -> TokenFacts:
    """Return what the rules need to know of an annotated token."""
    client, user = token.application, token.user
    policy = getattr(client, "idp_policy", None)
    family = authorization(token)
    return TokenFacts(
        expires_at=token.expires,
        client_active=None if client is None else policy is None or _is_active(policy),
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
    )


def scopes_taken_back(token: Any) -> frozenset[str]:
    """Return the scopes that the user declined or took back since the token was issued."""
    return frozenset(token.idp_taken_back or ())


def client_scopes(token: Any) -> dict[str, ClientScope]:
    """Return the scopes for which the token's client is registered, by name."""
    return {
        row["name"]: ClientScope(
            name=row["name"],
            requirement=row["requirement"],
            default=bool(row["default"]),
            state=row["state"],
            until=_time(row["until"]),
        )
        for row in token.idp_client_scopes or ()
    }


def site(token: Any) -> tuple[str, int]:
    """Return the site's mode and the version of its catalogue."""
    if token.idp_site is None:
        state = site_state()
        return state.mode, state.catalogue_version
    return token.idp_site["mode"], token.idp_site["version"]


def client_facts(token: Any) -> ClientFacts:
    """Return what the rules need to know of an annotated token's client."""
    client = token.application
    policy = getattr(client, "idp_policy", None) or ClientPolicy()
    return ClientFacts(
        client_id=client.client_id,
        kind=policy.kind,
        environment=policy.environment,
        active=_is_active(policy),
        verified=policy.verified,
        first_party=policy.first_party,
        grant_types=frozenset(policy.grant_types),
        scopes=client_scopes(token),
    )


def _is_active(policy: ClientPolicy) -> bool:
    return policy.status == ClientPolicy.Status.ACTIVE


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


def _time(text: str | None) -> datetime | None:
    """Return a time from JSON, where SQLite writes it without a zone."""
    value = parse_datetime(text) if text else None
    if value is not None and timezone.is_naive(value):
        return timezone.make_aware(value, connection.timezone)
    return value
