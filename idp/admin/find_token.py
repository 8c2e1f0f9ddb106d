"""What is this token? Found by its checksum; it is neither stored, logged nor shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display, find_signed
from idp.conf import access_token_model, grant_model, refresh_token_model
from idp.domain import credential
from idp.models import Authorization, ClientSecret, IssuedToken
from idp.services import credential_lookup as lookup
from idp.services.authorization import CODE_PREFIX, checksum

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
        help_text=_(
            "A token, a code of any kind, or a client's secret. A wrong paste only finds nothing."
        ),
    )


def view(desk: DeskAdmin, request: HttpRequest) -> HttpResponse:
    """Ask for a token, and say what it is."""
    # An error report names the values of the form; this one is not for it.
    request.sensitive_post_parameters = ["token"]  # type: ignore[attr-defined]
    form = TokenForm(request.POST or None)
    context: dict[str, Any] = {"title": _("Find a token"), "asked": False}
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["token"]
        found = find(text, secrets=desk.may(request, "view", ClientSecret))
        context |= {"asked": True, "found": found, "unknown": "" if found else unknown(text)}
        form = TokenForm()
    elif form.is_bound:
        errors = form.errors
        form = TokenForm()
        context["errors"] = errors.get("token", [])
    response = desk.page(request, "admin/idp/find_token.html", {**context, "form": form})
    add_never_cache_headers(response)
    return response


def find(text: str, *, secrets: bool) -> list[Found]:
    """Return what a text is, each with a heading and facts; empty where nothing knows it.

    Args:
        text: as pasted.
        secrets: whether the reader may see labels and ends of clients' secrets.
    """
    mark = checksum(text)
    found = (
        _issued(mark),
        _access(mark),
        _refresh(mark),
        _code(text, mark),
        _device(text),
        _secret(text, shown=secrets),
        _registration(text),
    )
    known = [item for item in found if item is not None]
    signed = None if known else find_signed.find(text)
    return [*known, *([signed] if signed is not None else [])]


def unknown(text: str) -> Any:
    """Return what can be said of a text that nothing knows: by its form alone.

    Args:
        text: as pasted.
    """
    kind = KINDS.get(lookup.kind_of(text))
    if kind is not None and not lookup.is_complete(text):
        return _("%(kind)s, but not as it was issued: cut off, or a character is wrong.") % {
            "kind": kind
        }
    if kind is not None:
        return _(
            "%(kind)s, by its form. Nothing is known of it here: it ended long ago and was "
            "removed, or another site issued it. It opens nothing."
        ) % {"kind": kind}
    issuer = find_signed.issuer_of(text)
    if issuer is not None:
        return _(
            "A signed token (JWT) that no key of this site signed, or that was altered. It names "
            "“%(issuer)s” as its issuer. It opens nothing here."
        ) % {"issuer": issuer or "–"}
    return _("No token of this site: it was never issued here, or was purged.")


KINDS = {
    credential.ACCESS: _("An access token"),
    credential.REFRESH: _("A refresh token"),
    credential.CODE: _("An authorization code"),
    credential.SECRET: _("A client's secret"),
    credential.DEVICE: _("A device code"),
    credential.REGISTRATION: _("A registration access token"),
}
"""What a prefix of ours stands for."""


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
        (_("User"), display.user_link(family.user)),
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
            (_("User"), display.user_link(family.user)),
            (_("Redeemed"), display.moment(family.redeemed_at)),
        ]
    rows = grant_model()._default_manager.select_related("application", "user")
    row = rows.filter(code__in=(text, f"{CODE_PREFIX}{mark}")).first()
    return None if row is None else (_("Authorization code"), _facts(row, row.expires))


def _device(text: str) -> Found | None:
    row = lookup.find_device(text)
    if row is None:
        return None
    return _("Code of a device"), [
        (_("Device"), display.object_link(row, row.get_state_display())),
        (_("Client"), display.client_link(row.application)),
        (_("User"), display.user_link(row.user)),
        (_("Authorization"), display.object_link(row.authorization)),
        (_("Asked"), display.moment(row.created_at)),
        (_("Expires"), display.moment(row.expires_at)),
    ]


def _secret(text: str, *, shown: bool) -> Found | None:
    found = lookup.find_secret(text)
    if found is None:
        return None
    application, row = found
    facts: list[tuple[Any, object]] = [(_("Client"), display.client_link(application))]
    if shown:
        words = row or _("The one that the toolkit stored")
        facts.append((_("Secret"), display.object_link(application, words, page="secrets")))
    if shown and row is not None:
        facts += [
            (_("Created"), display.moment(row.created_at)),
            (_("Last used"), display.moment(row.last_used_at, gettext("never"))),
            (_("Expires"), display.moment(row.expires_at)),
            (_("Revoked"), display.moment(row.revoked_at)),
        ]
    facts.append((_("What to do"), _("Rotate it without overlap: whoever holds it is the client.")))
    return _("Secret of a client"), facts


def _registration(text: str) -> Found | None:
    policy = lookup.find_registration(text)
    if policy is None:
        return None
    return _("Registration access token"), [
        (_("Client"), display.client_link(policy.application)),
        (_("Expires"), display.moment(policy.registration_token_expires_at)),
        (_("What it opens"), _("Reading, changing and removing the client (RFC 7592).")),
    ]


def _facts(row: Any, expires: Any) -> list[tuple[Any, object]]:
    facts: list[tuple[Any, object]] = [
        (_("Row"), display.object_link(row, row.pk)),
        (_("Client"), display.client_link(row.application)),
        (_("User"), display.user_link(row.user)),
        (_("Created"), display.moment(row.created)),
    ]
    if getattr(row, "scope", ""):
        facts.append((_("Scopes"), display.codes(row.scope.split())))
    return [*facts, (_("Expires"), display.moment(expires))] if expires else facts
