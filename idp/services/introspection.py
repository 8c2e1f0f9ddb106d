"""What a token may do now, told to those it is meant for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from idp.conf import refresh_token_model
from idp.domain import access_token as rules
from idp.domain import credential
from idp.domain.party import SignInFacts
from idp.domain.scope import to_text
from idp.models import Authorization, IssuedToken
from idp.services.access import Access, Refusal, judge_token
from idp.services.authorization import PARTIES, checksum, standing
from idp.services.catalogue import served_apis
from idp.services.client import Client, client_of
from idp.services.resolution import resolve_again
from idp.services.scope_use import record_access
from idp.services.subject_identifier import subject_for

INACTIVE: dict[str, Any] = {"active": False}


def introspect(token: str, asker: Client, issuer: str, now: datetime) -> dict[str, Any]:
    """Return the answer about a token.

    Args:
        token: as presented.
        asker: the authenticated, confidential client.
        issuer: issuer identifier.
        now: the time.

    Returns:
        ``{"active": False}`` for everything but a live token meant for the asker: one of its own,
        or one for an API that it is a resource server of.

    Source: RFC 7662 §2.2.
    """
    access = judge_token(token, now)
    if not isinstance(access, Refusal):
        return _access(access, token, asker, issuer, now)
    if not credential.may_be(token, credential.REFRESH):
        return dict(INACTIVE)
    return _refresh(checksum(token), asker, issuer, now)


def _access(
    access: Access, token: str, asker: Client, issuer: str, now: datetime
) -> dict[str, Any]:
    own = access.application is not None and access.application.pk == asker.application.pk
    scopes = access.scopes if own else access.scopes & _served(access, asker)
    if not scopes:
        return dict(INACTIVE)
    if not own:
        # The token was shown to the asker's API; which of the scopes it needs there, we never see.
        record_access(access, scopes, now=now)
    said = rules.claims(token)
    created = said.get("iat", int(access.token.created.timestamp()))
    answer: dict[str, Any] = {
        "active": True,
        "scope": to_text(scopes),
        "client_id": access.client_id,
        "token_type": "Bearer",
        "exp": int(access.expires_at.timestamp()),
        "iat": created,
        "nbf": created,
        "iss": issuer,
        "jti": said.get("jti", checksum(token)[:32]),
        "sub": access.client_id,
    }
    if access.user is not None:
        answer["username"] = access.user.get_username()
        answer["sub"] = subject_for(access.application, access.user)
    apis = rules.audience(access.token.resource or (), access.scopes, access.catalogue)
    if apis or said:
        answer["aud"] = rules.spoken(apis, issuer)
    return answer | _signed_in(access.sign_in)


def _signed_in(sign_in: SignInFacts | None) -> dict[str, Any]:
    if sign_in is None:
        return {}
    told: dict[str, Any] = {"auth_time": int(sign_in.at.timestamp())}
    return told | ({"acr": sign_in.acr} if sign_in.acr else {})


def _served(access: Access, asker: Client) -> frozenset[str]:
    """Return the scopes of the token whose API the asker is a resource server of."""
    served = served_apis(asker.policy, asker.catalogue_version)
    if access.token.resource and served.isdisjoint(access.token.resource):
        return frozenset()
    known = access.catalogue.scopes
    return frozenset(name for name in access.scopes if name in known and known[name].api in served)


def _refresh(digest: str, asker: Client, issuer: str, now: datetime) -> dict[str, Any]:
    issued = (
        IssuedToken.objects.select_related(
            "authorization__application", *(f"authorization__{party}" for party in PARTIES)
        )
        .filter(
            checksum=digest,
            kind=IssuedToken.Kind.REFRESH,
            used_at=None,
            authorization__application=asker.application,
        )
        .first()
    )
    if issued is None or (issued.expires_at and issued.expires_at <= now) or not asker.facts.active:
        return dict(INACTIVE)
    authorization: Authorization = issued.authorization
    alive = refresh_token_model()._default_manager.filter(token_checksum=digest, revoked=None)
    if not alive.exists() or standing(authorization, asker.policy.epoch, now) is not None:
        return dict(INACTIVE)
    client = client_of(authorization.application)
    scopes = resolve_again(
        client,
        granted=frozenset(authorization.scopes.split()),
        since=authorization.created_at,
        authorization=authorization.pk,
        user=authorization.user,
        grant_type="refresh_token",
        now=now,
    ).granted
    if not scopes:
        return dict(INACTIVE)
    created = int(issued.created_at.timestamp())
    answer: dict[str, Any] = {
        "active": True,
        "scope": to_text(scopes),
        "client_id": asker.facts.client_id,
        "username": authorization.user.get_username(),
        "token_type": "refresh_token",
        "iat": created,
        "nbf": created,
        "iss": issuer,
        "jti": digest[:32],
        "sub": subject_for(client, authorization.user),
    }
    apis = rules.audience(authorization.resource, scopes, client.catalogue())
    answer |= {"aud": rules.spoken(apis, issuer)} if apis else {}
    answer |= {"exp": int(issued.expires_at.timestamp())} if issued.expires_at else {}
    if authorization.auth_time is None:
        return answer
    return answer | _signed_in(SignInFacts(at=authorization.auth_time, acr=authorization.acr))
