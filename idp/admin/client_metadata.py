"""What a client said of itself beyond the first page: keys, signatures, subjects, sign-out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.models import ClientPolicy
from idp.services.logo import is_trusted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest
    from django.utils.functional import _StrOrPromise
    from django.utils.safestring import SafeString

    from idp.admin.base import DeskAdmin

MOST_KEYS = 20


def table(policy: ClientPolicy) -> SafeString:
    """Return what the client set, by the names of the specifications; the rest is the default."""
    rows = [(name, value) for name, value in _values(policy) if value]
    if not rows:
        usual = gettext("As usual: the client set nothing of this.")
        return format_html('<p class="desk-empty">{}</p>', usual)
    return display.facts(rows)


def _values(policy: ClientPolicy) -> Iterator[tuple[_StrOrPromise, Any]]:
    for name in ("client_uri", "logo_uri", "policy_uri", "tos_uri", "software_id"):
        yield name, getattr(policy, name)
    keys = (policy.jwks or {}).get("keys") or []
    yield "jwks", display.codes(_key(key) for key in keys[:MOST_KEYS]) if keys else ""
    for name in (
        "jwks_uri",
        "token_endpoint_auth_signing_alg",
        "id_token_signed_response_alg",
        "userinfo_signed_response_alg",
        "sector_identifier_uri",
        "backchannel_logout_uri",
    ):
        yield name, getattr(policy, name)
    if policy.subject_type:
        yield "subject_type", policy.get_subject_type_display()
    if policy.access_token_format:
        yield _("Access token format"), policy.get_access_token_format_display()
    if policy.default_max_age is not None:
        yield "default_max_age", f"{policy.default_max_age} s"
    for name in (
        "require_pushed_authorization_requests",
        "nonce_instead_of_pkce",
        "backchannel_logout_session_required",
    ):
        yield name, gettext("yes") if getattr(policy, name) else ""


def _key(key: dict[str, Any]) -> str:
    parts = (key.get("kid"), key.get("kty"), key.get("alg"))
    return " · ".join(str(part)[:100] for part in parts if part)


def may_fetch_logo(desk: DeskAdmin, request: HttpRequest, policy: ClientPolicy) -> bool:
    """Return whether the client may show a logo, and the operator may fetch it."""
    has_one = bool(policy.logo_uri) and is_trusted(policy)
    return has_one and desk.may(request, "change", ClientPolicy)
