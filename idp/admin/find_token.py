"""What is this token? Found by its checksum; it is neither stored, logged nor shown again."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.conf import access_token_model, grant_model, id_token_model, refresh_token_model
from idp.models import Authorization, IssuedToken
from idp.services.authorization import checksum

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from idp.admin.base import DeskAdmin

Found = tuple[Any, list[tuple[Any, object]]]

LONGEST = 20_000


class TokenForm(forms.Form):
    """One field, whose value never comes back to the page."""

    token = forms.CharField(
        label=_("Token or code"),
        max_length=LONGEST,
        strip=True,
        widget=forms.Textarea(
            {"rows": 4, "class": "vLargeTextField", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=_("An access token, refresh token, authorization code or ID token."),
    )


def view(desk: DeskAdmin, request: HttpRequest) -> HttpResponse:
    """Ask for a token, and say what it is."""
    # An error report names the values of the form; this one is not for it.
    request.sensitive_post_parameters = ["token"]  # type: ignore[attr-defined]
    form = TokenForm(request.POST or None)
    context: dict[str, Any] = {"title": _("Find a token"), "asked": False}
    if request.method == "POST" and form.is_valid():
        context |= {"asked": True, "found": find(form.cleaned_data["token"])}
        form = TokenForm()
    elif form.is_bound:
        errors = form.errors
        form = TokenForm()
        context["errors"] = errors.get("token", [])
    response = desk.page(request, "admin/idp/find_token.html", {**context, "form": form})
    add_never_cache_headers(response)
    return response


def find(text: str) -> list[Found]:
    """Return what a text is, each with a heading and facts; empty where nothing knows it."""
    mark = checksum(text)
    found = [_issued(mark), _access(mark), _refresh(mark), _code(text, mark), _id_token(text)]
    return [item for item in found if item is not None]


def _issued(mark: str) -> Found | None:
    row = (
        IssuedToken.objects.select_related("authorization__application", "authorization__user")
        .filter(pk=mark)
        .first()
    )
    if row is None:
        return None
    family = row.authorization
    return row.get_kind_display(), [
        (_("Authorization"), display.object_link(family, family.pk)),
        (_("Client"), display.client_link(family.application)),
        (_("User"), display.object_link(family.user)),
        (_("Scopes"), display.codes(family.scopes.split())),
        (_("Issued"), display.moment(row.created_at)),
        (_("Expires"), display.moment(row.expires_at)),
        (_("Exchanged"), display.moment(row.used_at)),
        (_("Family ended"), display.moment(family.ended_at, display.badge(_("Live"), "good"))),
    ]


def _access(mark: str) -> Found | None:
    rows = access_token_model()._default_manager.select_related("application", "user")
    row = rows.filter(token_checksum=mark).first()
    return None if row is None else (_("Access token, as stored"), _facts(row, row.expires))


def _refresh(mark: str) -> Found | None:
    rows = refresh_token_model()._default_manager.select_related("application", "user")
    row = rows.filter(token_checksum=mark).first()
    if row is None:
        return None
    facts = _facts(row, None)
    return _("Refresh token, as stored"), [*facts, (_("Revoked"), display.moment(row.revoked))]


def _code(text: str, mark: str) -> Found | None:
    family = (
        Authorization.objects.select_related("application", "user").filter(code_digest=mark).first()
    )
    if family is not None:
        return _("Authorization code"), [
            (_("Authorization"), display.object_link(family, family.pk)),
            (_("Client"), display.client_link(family.application)),
            (_("User"), display.object_link(family.user)),
            (_("Redeemed"), display.moment(family.redeemed_at)),
        ]
    row = (
        grant_model()
        ._default_manager.select_related("application", "user")
        .filter(code=text)
        .first()
    )
    return None if row is None else (_("Authorization code"), _facts(row, row.expires))


def _id_token(text: str) -> Found | None:
    """Return the row of an ID token, by the identifier inside; nothing is believed but that row."""
    try:
        payload = text.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        identifier = UUID(str(claims["jti"]))
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error, RecursionError):
        return None
    rows = id_token_model()._default_manager.select_related("application", "user")
    row = rows.filter(jti=identifier).first()
    return None if row is None else (_("ID token"), _facts(row, row.expires))


def _facts(row: Any, expires: Any) -> list[tuple[Any, object]]:
    facts: list[tuple[Any, object]] = [
        (_("Row"), display.object_link(row, row.pk)),
        (_("Client"), display.client_link(row.application)),
        (_("User"), display.object_link(row.user)),
        (_("Created"), display.moment(row.created)),
    ]
    if getattr(row, "scope", ""):
        facts.append((_("Scopes"), display.codes(row.scope.split())))
    return [*facts, (_("Expires"), display.moment(expires))] if expires else facts
