"""Acts of authorization: their birth, the one redemption of their code, and their end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from idp import signals
from idp.conf import access_token_model, grant_model, idp_settings, refresh_token_model
from idp.domain import access as rules
from idp.domain.decision import Reason
from idp.domain.offline_access import without
from idp.domain.scope import to_text
from idp.models import Authorization, ClientPolicy, Consent, IssuedToken, SignIn, Subject
from idp.models.expression import among
from idp.models.prepared import Prepared
from idp.services.event import NOWHERE, Origin, record_event
from idp.services.removal import delete_rows

BATCH = 500

PARTIES = ("user__idp_subject", "consent", "sign_in")
"""What ``standing`` looks at besides the authorization itself, to be read along with it."""


def checksum(token: str) -> str:
    """Return the SHA-256 of a token or code in hexadecimal, under which it is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Granting:
    """What one act of authorization grants.

    Attributes:
        user, application: resource owner and client.
        scopes: what was granted.
        consent: the consent behind it, or None where none was needed or known.
        sign_in: the sign-in under which it happened, or None.
        grant_type: as on the wire.
        code: the authorization code, or empty.
        redirect_uri, nonce, resource, claims: of the request.
        redirect_uri_sent: whether the request named the redirect URI, so that the exchange must.
        refreshable: whether refresh tokens may be issued.
        asked_at: when the client asked, where the user took time to answer; None for just now.
    """

    user: Any
    application: Any
    scopes: Iterable[str]
    consent: Consent | None = None
    sign_in: SignIn | None = None
    grant_type: str = "authorization_code"
    code: str = ""
    redirect_uri: str = ""
    redirect_uri_sent: bool = True
    nonce: str = ""
    resource: tuple[str, ...] = ()
    claims: Any = None
    refreshable: bool = True
    family: Any = None
    asked_at: datetime | None = None


def create_authorization(
    granting: Granting, *, origin: Origin = NOWHERE, now: datetime
) -> Authorization:
    """Record an act of authorization under the present epochs of user, client and consent.

    Without refresh tokens nothing of it can outlive the user's presence, and its scopes say so.
    """
    sign_in = granting.sign_in
    scopes = granting.scopes if granting.refreshable else without(granting.scopes)
    lifetime = idp_settings.refresh_token_lifetime
    authorization = Authorization(
        user=granting.user,
        application=granting.application,
        consent=granting.consent,
        sign_in=sign_in,
        grant_type=granting.grant_type,
        scopes=to_text(scopes),
        resource=list(granting.resource),
        redirect_uri=granting.redirect_uri,
        redirect_uri_sent=granting.redirect_uri_sent,
        auth_time=sign_in.at if sign_in else None,
        acr=sign_in.acr if sign_in else "",
        amr=sign_in.amr if sign_in else [],
        nonce=granting.nonce,
        claims=granting.claims or {},
        code_digest=checksum(granting.code) if granting.code else None,
        refreshable=granting.refreshable,
        asked_at=granting.asked_at or now,
        created_at=now,
        expires_at=now + lifetime if lifetime else None,
        address=origin.address or None,
        user_agent=origin.user_agent[:500],
        **epochs(granting.user, granting.application, granting.consent),
    )
    if granting.family is not None:
        authorization.id = granting.family
    authorization.save(force_insert=True)
    signals.authorization_created.send(Authorization, authorization=authorization)
    return authorization


def epochs(user: Any, application: Any, consent: Consent | None) -> dict[str, int]:
    """Return the epochs of the three parties as they are in the database now."""
    return {
        "user_epoch": Subject.objects.filter(user=user).values_list("epoch", flat=True).first()
        or 0,
        "client_epoch": ClientPolicy.objects.filter(application=application)
        .values_list("epoch", flat=True)
        .first()
        or 0,
        "consent_epoch": consent.epoch if consent is not None else 0,
    }


def redeem_code(
    code: str, application: Any, now: datetime, origin: Origin = NOWHERE
) -> Authorization | None:
    """Claim the one redemption of a code; return its authorization, or None when it has none left.

    One conditional statement decides between callers that try at once. A second use by the same
    client ends what the first use produced, and that end outlives the failing request.

    Source: RFC 6749 §4.1.2; RFC 9700 §4.5.
    """
    digest = checksum(code)
    owned = Authorization.objects.filter(code_digest=digest, application=application)
    if owned.filter(redeemed_at=None, ended_at=None).update(redeemed_at=now, last_used_at=now):
        return _BY_CODE.first(digest)
    replayed = owned.filter(ended_at=None).exclude(redeemed_at=None).first()
    if replayed is not None:
        report_replay(replayed, "code", now, origin)
    return None


_BY_CODE: Prepared[Authorization] = Prepared(
    lambda digest: Authorization.objects.select_related(*PARTIES).filter(code_digest=digest)
)


def report_replay(
    authorization: Authorization, what: str, now: datetime, origin: Origin = NOWHERE
) -> None:
    """End an authorization whose code or refresh token came a second time, and say so."""
    end_authorizations(
        Authorization.objects.filter(pk=authorization.pk), reason=f"{what}_replayed", now=now
    )
    record_event(
        "token.replayed",
        severity="error",
        client_id=authorization.application.client_id,
        user=authorization.user,
        origin=origin,
        detail={"what": what, "authorization": str(authorization.pk)},
        distinct=str(authorization.pk),
        now=now,
    )
    transaction.on_commit(
        lambda: signals.token_replayed.send(Authorization, authorization=authorization, what=what)
    )


def begun_by(task: str) -> str:
    """Return the reason of an end that a task began and has not carried out."""
    return f"task {task}"


def unended(task: str) -> Q:
    """Return the condition of an authorization that has not ended, or not but for a task's mark."""
    return Q(ended_at=None) | Q(ended_reason=begun_by(task)) if task else Q(ended_at=None)


@transaction.atomic
def end_authorizations(
    authorizations: QuerySet[Authorization], *, reason: str, now: datetime, task: str = ""
) -> int:
    """End authorizations with every token of theirs, and return how many ended.

    Args:
        authorizations: which; those that ended before are left alone.
        reason: short machine-readable cause.
        now: the time.
        task: id of the long work that ends them, or empty.
    """
    keys = list(
        authorizations.filter(unended(task))
        .order_by("pk")
        .select_for_update(of=("self",))
        .values_list("pk", flat=True)
    )
    for start in range(0, len(keys), BATCH):
        _end(keys[start : start + BATCH], reason, now)
    return len(keys)


def _end(keys: list[Any], reason: str, now: datetime) -> None:
    ended = Authorization.objects.filter(among(Authorization, "pk", keys))
    ended.update(ended_at=now, ended_reason=reason)
    issued = IssuedToken.objects.filter(among(IssuedToken, "authorization", keys))
    refresh, access = refresh_token_model(), access_token_model()
    family = among(refresh, "token_family", keys)
    refresh._default_manager.filter(family, revoked=None).update(revoked=now)
    held = issued.filter(kind=IssuedToken.Kind.ACCESS).values_list("checksum", flat=True)
    if checksums := list(held):
        delete_rows(access._default_manager.filter(among(access, "token_checksum", checksums)))
    issued.exclude(answer=None).update(answer=None)
    codes = ended.exclude(code_digest=None).values_list("code_digest", flat=True)
    if digests := [f"{CODE_PREFIX}{digest}" for digest in codes]:
        delete_rows(grant_model()._default_manager.filter(code__in=digests))
    if signals.authorization_ended.has_listeners(Authorization):
        for authorization in ended:
            transaction.on_commit(partial(_announce_end, authorization, reason))


def _announce_end(authorization: Authorization, reason: str) -> None:
    signals.authorization_ended.send(Authorization, authorization=authorization, reason=reason)


CODE_PREFIX = "sha256$"
"""Marks a stored code as a digest, so that nobody can present the stored value itself."""


@transaction.atomic
def revoke_legacy_tokens(user: Any, application: Any, now: datetime) -> int:
    """End the tokens and codes that were issued before authorizations were recorded.

    Returns:
        How many access and refresh tokens ended.
    """
    refresh = refresh_token_model()._default_manager.filter(
        user=user, application=application, revoked=None
    )
    ended: int = refresh.update(revoked=now)
    access = access_token_model()._default_manager.filter(user=user, application=application)
    ended += access.delete()[0]
    grant_model()._default_manager.filter(user=user, application=application).delete()
    return ended


def standing(authorization: Authorization, client_epoch: int, now: datetime) -> Reason | None:
    """Return why an authorization gives nothing at ``now``, or None when it still gives.

    Args:
        authorization: read with ``PARTIES``; what is not at hand is read now.
        client_epoch: the client's epoch as it is now.
        now: the time.
    """
    user, consent = authorization.user, authorization.consent
    if not user.is_active:
        return rules.USER_INACTIVE
    subject: Subject | None = getattr(user, "idp_subject", None)
    facts = rules.AuthorizationFacts(
        ended=authorization.ended_at is not None,
        expires_at=authorization.expires_at,
        born=rules.Epochs(
            user=authorization.user_epoch,
            client=authorization.client_epoch,
            consent=authorization.consent_epoch,
        ),
        present=rules.Epochs(
            user=subject.epoch if subject else 0,
            client=client_epoch,
            consent=consent.epoch if consent else 0,
        ),
        consent=_consent_facts(consent),
    )
    return rules.judge_authorization(facts, now)


def _consent_facts(consent: Consent | None) -> rules.ConsentFacts | None:
    if consent is None:
        return None
    active = consent.status == Consent.Status.ACTIVE
    return rules.ConsentFacts(active=active, expires_at=consent.expires_at)
