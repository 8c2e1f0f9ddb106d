"""A code issued and redeemed in-process, in a transaction that is rolled back: nothing stays."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import router, transaction
from oauthlib.common import urlencode
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from idp.conf import access_token_model
from idp.domain import credential
from idp.dot.core import core_of
from idp.dot.exchange import KEY, Exchange
from idp.dot.issue import issue_code
from idp.dot.userinfo import userinfo_claims
from idp.models import SignIn
from idp.services.access import Refusal, checksum_of, judge_access_token
from idp.services.authorization import Granting
from idp.services.client_trial import Question, Trial, try_client
from idp.services.origin import origin_of
from idp.services.token import record_tokens

if TYPE_CHECKING:
    from django.http import HttpRequest

METHOD = "desk"
"""How the client of a trial authenticated: an operator stands in for it."""

NOWHERE_URI = "urn:idp:desk:try-it"
"""What the code of a trial is bound to; no client can have registered it."""

SHOWN_TOKEN_FIELDS = ("token_type", "scope", "expires_in")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """What the token endpoint answered, without any token.

    Attributes:
        error, description: why it refused; empty where it did not.
        answer: the fields of the answer that are no token.
        refresh_until: when the refresh token would end unused; None for none or no end.
        has_refresh_token: whether there was one.
        id_token: claims of the ID token; empty where there was none.
        userinfo: what UserInfo would tell; empty without ``openid``.
    """

    error: str = ""
    description: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    has_refresh_token: bool = False
    refresh_until: datetime | None = None
    id_token: Mapping[str, Any] = field(default_factory=dict)
    userinfo: Mapping[str, Any] = field(default_factory=dict)


def run_trial(request: HttpRequest, question: Question) -> tuple[Trial, Redeemed | None]:
    """Return the decisions about a request and what its code is exchanged for; nothing is kept.

    Everything happens in one transaction that is rolled back: no consent, event of the ledger,
    authorization, code or token outlives it, and no token leaves this function.

    Args:
        request: the operator's request.
        question: what is tried.
    """
    with transaction.atomic(using=router.db_for_write(access_token_model())):
        try:
            trial = try_client(question)
            redeemed = _redeem(request, question, trial) if trial.granted else None
        finally:
            transaction.set_rollback(True, using=router.db_for_write(access_token_model()))
    return trial, redeemed


def _redeem(request: HttpRequest, question: Question, trial: Trial) -> Redeemed:
    code, verifier = credential.generate(credential.CODE), secrets.token_urlsafe(48)
    try:
        issue_code(
            request,
            client=question.client,
            granting=_granting(question, trial, code),
            code_challenge=_challenge(verifier),
            code_challenge_method="S256",
            state="",
        )
        return _exchange(request, question, code, verifier)
    except OAuth2Error as error:
        return Redeemed(error=str(error.error), description=str(error.description or ""))


def _granting(question: Question, trial: Trial, code: str) -> Granting:
    present = question.sign_in
    sign_in = SignIn.objects.create(
        user=question.user, at=present.at, acr=present.acr, amr=list(present.amr)
    )
    resolution = trial.resolution
    return Granting(
        user=question.user,
        application=question.client.application,
        scopes=trial.granted or (),
        sign_in=sign_in,
        code=code,
        redirect_uri=NOWHERE_URI,
        refreshable=resolution is None or resolution.lifetimes.refreshable,
    )


def _exchange(request: HttpRequest, question: Question, code: str, verifier: str) -> Redeemed:
    exchange = Exchange(
        origin_of(request), now=question.now, client=question.client, method=METHOD, unwritten=[]
    )
    body = urlencode(
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", NOWHERE_URI),
            ("code_verifier", verifier),
            ("client_id", question.client.facts.client_id),
        ]
    )
    server = core_of().server
    _headers, text, status = server.create_token_response("/", "POST", body, {KEY: exchange})
    answer = json.loads(text or "{}")
    if status != 200:
        return Redeemed(
            error=str(answer.get("error", "")), description=str(answer.get("error_description", ""))
        )
    record_tokens(exchange.unwritten or [])
    return _told(request, question, exchange, answer)


def _told(
    request: HttpRequest, question: Question, exchange: Exchange, answer: Mapping[str, Any]
) -> Redeemed:
    refresh = [row for row in exchange.unwritten or [] if row.kind == "refresh"]
    access = judge_access_token(checksum_of(str(answer["access_token"])), question.now)
    openid = not isinstance(access, Refusal) and "openid" in access.scopes
    return Redeemed(
        answer={name: answer[name] for name in SHOWN_TOKEN_FIELDS if name in answer},
        has_refresh_token="refresh_token" in answer,
        refresh_until=refresh[0].expires_at if refresh else None,
        id_token=_claims(str(answer.get("id_token") or "")),
        userinfo=userinfo_claims(request, access)
        if openid and not isinstance(access, Refusal)
        else {},
    )


def _claims(id_token: str) -> Mapping[str, Any]:
    """Return the claims of a token that this process signed a moment ago."""
    if id_token.count(".") != 2:
        return {}
    payload = id_token.split(".")[1]
    claims: Mapping[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return claims


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
