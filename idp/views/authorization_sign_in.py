"""Is the user that an authorization request asks for signed in, and well enough?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponseRedirect

from idp.conf import idp_settings
from idp.domain.authentication import AuthenticationDecision, demand
from idp.domain.authentication import judge as judge_authentication
from idp.domain.claim import wanted_acr, wanted_subjects
from idp.domain.decision import Reason, Severity
from idp.dot.hint import Hint, read_hint
from idp.dot.issuer import issuer_of
from idp.dot.userinfo import subject_of
from idp.services.authorization_request import keep_request
from idp.services.sign_in import sign_in_facts
from idp.views.authorization_flow import ClientError, Flow, kept_parameters
from idp.views.authorization_page import resume_path
from idp.views.browser import browser_of, remember_browser
from idp.views.http import private

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from idp.models import AuthorizationRequest, SignIn

SELECTED = "selected"
"""Where a kept request names the sign-in that the user chose to go on with."""


@dataclass(frozen=True, slots=True)
class _Strength:
    """Which authentication contexts will do, and whether any other is no answer."""

    values: tuple[str, ...]
    essential: bool


def judge_sign_in(
    flow: Flow, request: HttpRequest, sign_in: SignIn | None, kept: AuthorizationRequest | None
) -> AuthenticationDecision:
    """Return whether the present sign-in will do for the request."""
    asked = flow.resolution.granted if flow.resolution else frozenset[str]()
    wanted = demand(flow.proven.catalogue(), asked)
    ages = [age for age in (flow.max_age, wanted.max_age) if age is not None]
    strength = _strength(flow, wanted.acr_values)
    return judge_authentication(
        prompt=flow.prompt,
        max_age=min(ages, default=None),
        acr_values=strength.values,
        sign_in=sign_in_facts(sign_in) if sign_in else None,
        sign_in_id=str(sign_in.sid) if sign_in else None,
        sign_in_id_at_request=sign_in_at_request(flow, sign_in, kept),
        now=flow.now,
        acr_essential=strength.essential,
        acr_supported=frozenset(idp_settings.acr_values),
        account_selected=_is_selected(sign_in, kept),
        hint_matches=_is_named(flow, request),
    )


def needs_record(flow: Flow) -> bool:
    """Return whether the sign-in to come must be told from the present one."""
    return bool(flow.prompt & {"login", "select_account"}) or flow.max_age is not None


def look_again(request: HttpRequest, flow: Flow) -> HttpResponse | None:
    """Return the way to see who is signed in, where a browser may have kept that back; else None.

    A form of another site comes without the session's cookie, which is ``SameSite=Lax``; the
    redirect that answers it brings it along (RFC 6265bis §5.6.7.1).
    """
    if request.method != "POST" or settings.SESSION_COOKIE_NAME in request.COOKIES:
        return None
    nonce = keep_request(
        application=flow.proven.application,
        user=None,
        browser=browser_of(request),
        parameters=kept_parameters(flow),
        document=None,
        sign_in=None,
        origin=flow.pushed,
        now=flow.now,
        address=flow.origin.address,
    )
    response = HttpResponseRedirect(resume_path(nonce))
    response.status_code = 303
    return remember_browser(request, private(response))


def choice_of(kept: AuthorizationRequest | None) -> dict[str, str]:
    """Return the choice of an account that goes along with a request that waited."""
    chosen = kept.parameters.get(SELECTED) if kept is not None else None
    return {SELECTED: chosen} if chosen else {}


def sign_in_at_request(
    flow: Flow, sign_in: SignIn | None, kept: AuthorizationRequest | None
) -> str | None:
    """Return the identity of the sign-in with which the request first came.

    One that is older than the request was there already, whatever the browser showed: it keeps
    its cookie back from a form of another site, and can be made to forget it for a moment.
    """
    if sign_in is not None and sign_in.at < flow.since:
        return str(sign_in.sid)
    first = kept.sign_in if kept is not None else sign_in
    return str(first.sid) if first is not None else None


def judge_hint(flow: Flow, request: HttpRequest) -> Hint | None:
    """Return what the request's ID token says, or None for a request without one.

    Raises:
        ClientError: it is none of ours.
    """
    text = flow.get("id_token_hint")
    if not text:
        return None
    hint = read_hint(text, issuer_of(request))
    if hint is None:
        sentence = "The ID token in “id_token_hint” was not issued by this provider."
        reference = "OpenID Connect Core §3.1.2.1"
        raise ClientError(
            "invalid_request", Reason("id_token_hint", Severity.ERROR, sentence, reference)
        )
    return hint


def _strength(flow: Flow, of_scopes: tuple[str, ...]) -> _Strength:
    """Return the contexts that scopes, ``claims`` and ``acr_values`` ask for.

    What scopes and an essential claim ask for must be; the rest is preferred.
    """
    named, essential = wanted_acr(flow.claims)
    if of_scopes and essential:
        both = tuple(acr for acr in of_scopes if acr in named)
        return _Strength(both or of_scopes, essential=True)
    if of_scopes or essential:
        return _Strength(of_scopes or named, essential=True)
    preferred = dict.fromkeys((*named, *flow.get("acr_values").split()))
    return _Strength(tuple(preferred), essential=False)


def _is_selected(sign_in: SignIn | None, kept: AuthorizationRequest | None) -> bool:
    return sign_in is not None and choice_of(kept).get(SELECTED) == str(sign_in.sid)


def _is_named(flow: Flow, request: HttpRequest) -> bool | None:
    """Return whether the present user is the one that the request names; None if it names nobody.

    Source: OpenID Connect Core §§3.1.2.1, 3.1.2.2, 5.5.1.
    """
    hint, named = judge_hint(flow, request), wanted_subjects(flow.claims)
    if hint is None and named is None:
        return None
    if not request.user.is_authenticated:
        return False
    subject = subject_of(request, flow.proven, request.user)
    return (hint is None or hint.sub == subject) and (named is None or subject in named)
