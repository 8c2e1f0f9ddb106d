"""The form of a client: asks what its kind leaves open, and hands all to the rules at once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.field import GRANT_TYPES, LinesField, NamesField, SpanField
from idp.admin.party import user_named
from idp.admin.scope_field import ScopesField
from idp.admin.uri_field import UriLinesField, judged, summary
from idp.domain.client import KINDS, Kind, RedirectUse
from idp.models import ClientPolicy, RedirectUri
from idp.services.client_spec import ClientSpec
from idp.services.redirect_uri import inspect_uris

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idp.domain.decision import Reason

OPERATORS_ONLY = (
    "environment",
    "verified",
    "first_party",
    "consent_mode",
    "consent_lifetime",
    "access_token_lifetime",
    "refresh_token_lifetime",
    "refresh_token_idle_lifetime",
    "localhost_port",
    "id_token_signed_response_alg",
)
"""What an owner of the client cannot change, only who may change client policies."""

AUTH_METHODS = {
    "none": _("None: it keeps no secret"),
    "client_secret_basic": _("Secret in the Authorization header"),
    "client_secret_post": _("Secret in the form"),
}

URI_FIELDS = {
    "redirect_uris": RedirectUri.Purpose.REDIRECT,
    "post_logout_redirect_uris": RedirectUri.Purpose.POST_LOGOUT,
}


def redirect_help(kind: str) -> Any:
    """Return what redirect URIs of a kind look like."""
    return {
        Kind.WEB: _("https, exact. http on 127.0.0.1 only in development (RFC 9700 §2.1)."),
        Kind.SPA: _(
            "https, exact; the origin of each must be among the allowed origins below (RFC 9700 "
            "§2.1)."
        ),
        Kind.NATIVE: _(
            "A claimed https address, http://127.0.0.1/… with any port, or a private-use scheme "
            "such as "
            "com.example.app:/callback (RFC 8252 §7)."
        ),
        Kind.AGENT: _(
            "As for an app on a device: https, http://127.0.0.1/… with any port, or a private-use "
            "scheme."
        ),
    }.get(Kind(kind), "")


class ClientForm(forms.Form):
    """A client, as an operator describes it."""

    kind = forms.CharField(widget=forms.HiddenInput)
    client_name = forms.CharField(
        label=_("Name"),
        max_length=255,
        help_text=_("Users read it on the consent page, so it says who asks."),
    )
    client_id = forms.CharField(
        label=_("Client id"),
        max_length=255,
        help_text=_("Not a secret. It cannot be changed later (RFC 6749 §2.2)."),
    )
    environment = forms.ChoiceField(
        label=_("Environment"),
        choices=ClientPolicy.Environment.choices,
        help_text=_(
            "Development allows loopback and private addresses, and marks the consent page."
        ),
    )
    owner = forms.CharField(
        label=_("Owner"),
        required=False,
        max_length=255,
        help_text=_("Sign-in name of the user who answers for it; may be empty."),
    )
    redirect_uris = UriLinesField(
        label=_("Redirect URIs, one a line"), purpose=RedirectUri.Purpose.REDIRECT
    )
    post_logout_redirect_uris = UriLinesField(
        label=_("Addresses after sign-out, one a line"),
        purpose=RedirectUri.Purpose.POST_LOGOUT,
        help_text=_(
            "Where the client may send users after they sign out here (OpenID Connect "
            "RP-Initiated Logout)."
        ),
    )
    allowed_origins = LinesField(
        label=_("Allowed origins, one a line"),
        help_text=_(
            "Origins whose scripts may call the token endpoint and the APIs, such as "
            "https://app.example.com."
        ),
    )
    scopes = ScopesField(
        label=_("Scopes"),
        required=False,
        help_text=_(
            "Users cannot decline what is required. By default: granted when a request names no "
            "scope."
        ),
    )
    verified = forms.BooleanField(
        label=_("Verified"),
        required=False,
        help_text=_("The site knows who runs it; the consent page says so."),
    )
    first_party = forms.BooleanField(label=_("The site's own"), required=False)
    contacts = LinesField(
        label=_("Contacts, one a line"),
        help_text=_("Addresses of the people behind it; users do not see them."),
    )
    client_uri = forms.URLField(label=_("Home page"), required=False, assume_scheme="https")
    logo_uri = forms.URLField(label=_("Logo address"), required=False, assume_scheme="https")
    policy_uri = forms.URLField(label=_("Privacy policy"), required=False, assume_scheme="https")
    tos_uri = forms.URLField(label=_("Terms of service"), required=False, assume_scheme="https")
    grant_types = NamesField(label=_("Grant types"), choices=GRANT_TYPES)
    token_endpoint_auth_method = forms.ChoiceField(label=_("How it proves itself"), required=False)
    consent_mode = forms.ChoiceField(
        label=_("Consent"), choices=ClientPolicy.ConsentMode.choices, required=False
    )
    consent_lifetime = SpanField(label=_("Consent lasts at most"))
    access_token_lifetime = SpanField(label=_("Access tokens live at most"))
    refresh_token_lifetime = SpanField(label=_("Refresh tokens live at most"))
    refresh_token_idle_lifetime = SpanField(label=_("Refresh tokens end unused after"))
    localhost_port = forms.BooleanField(
        label=_("Any port on localhost"),
        required=False,
        help_text=_("The name may resolve elsewhere; 127.0.0.1 is better (RFC 8252 §8.3)."),
    )
    software_id = forms.CharField(label=_("Software id"), required=False, max_length=255)

    def __init__(
        self,
        *args: Any,
        spec: ClientSpec,
        application: Any = None,
        operator: bool,
        hints: str = "",
        **kwargs: Any,
    ) -> None:
        self.spec, self.application, self.rules = spec, application, KINDS[Kind(spec.kind)]
        self.warnings: list[Reason] = []
        kwargs["initial"] = _initial(spec)
        super().__init__(*args, **kwargs)
        self._leave_out()
        for field in self.fields.values():
            if type(field.widget) in (forms.TextInput, forms.URLInput):
                field.widget.attrs.setdefault("class", "vTextField")
        self.fields["scopes"].load(spec.scopes)  # type: ignore[attr-defined]
        for name in OPERATORS_ONLY:
            if name in self.fields and not operator:
                self.fields[name].disabled = True
        for name in URI_FIELDS:
            if name in self.fields:
                self.fields[name].widget.hints = hints
        if application is not None:
            self._judge_uris(spec)

    def fieldsets(self) -> list[tuple[Any, dict[str, Any]]]:
        """Return the fields in groups; those that few clients need are folded."""
        groups = (
            (None, ("kind", "client_name", "client_id", "environment", "owner"), ()),
            (_("Addresses"), ("redirect_uris", "allowed_origins", "post_logout_redirect_uris"), ()),
            (_("What it may ask for"), ("scopes",), ()),
            (_("Trust"), ("verified", "first_party", "consent_mode", "consent_lifetime"), ()),
            (
                _("For people"),
                ("contacts", "client_uri", "logo_uri", "policy_uri", "tos_uri"),
                ("collapse",),
            ),
            (
                _("Protocol"),
                (
                    "grant_types",
                    "token_endpoint_auth_method",
                    "access_token_lifetime",
                    "refresh_token_lifetime",
                    "refresh_token_idle_lifetime",
                    "localhost_port",
                    "software_id",
                ),
                ("collapse",),
            ),
        )
        found = []
        for title, names, classes in groups:
            present = [name for name in names if name in self.fields]
            if present:
                found.append((title, {"fields": present, "classes": classes}))
        return found

    def clean_owner(self) -> Any:
        """Return the user with this name, or None."""
        text = self.cleaned_data["owner"].strip()
        user = user_named(text) if text else None
        if text and user is None:
            raise forms.ValidationError(_("Nobody signs in under this name."))
        return user

    def clean(self) -> dict[str, Any]:
        """Judge the lines of addresses, and put together what was described."""
        cleaned = super().clean() or {}
        self.described = self._described(cleaned)
        self._judge_uris(self.described)
        return cleaned

    def refuse(self, errors: Iterable[tuple[str, Reason]]) -> None:
        """Put the reasons of a service at their fields; addresses have theirs line by line."""
        for key, reason in errors:
            if key in URI_FIELDS and "uri" in reason.params and key in self.fields:
                continue
            words = display.sentence(reason)
            if reason.reference:
                words = f"{words} ({reason.reference})"
            self.add_error(key if key in self.fields else None, words)
        for name in URI_FIELDS:
            words = summary(self.fields[name].widget.judged) if name in self.fields else ""
            if words:
                self.add_error(name, words)

    def _described(self, cleaned: dict[str, Any]) -> ClientSpec:
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in cleaned.items()
            if name in ClientSpec.__dataclass_fields__ and name not in ("kind", "grant_types")
        }
        given["kind"] = self.spec.kind
        if "grant_types" in self.fields:
            given["grant_types"] = frozenset(cleaned.get("grant_types") or ()) or None
        given["token_endpoint_auth_method"] = cleaned.get("token_endpoint_auth_method") or None
        return ClientSpec(**given)

    def _judge_uris(self, spec: ClientSpec) -> None:
        policy = ClientPolicy(kind=spec.kind, environment=spec.environment or "production")
        for name, purpose in URI_FIELDS.items():
            if name in self.fields:
                found = inspect_uris(
                    getattr(spec, name),
                    policy,
                    purpose=purpose,
                    allowed_origins=spec.allowed_origins,
                    now=timezone.now(),
                )
                self.fields[name].widget.judged = judged(found)

    def _leave_out(self) -> None:
        """Take out what the kind leaves no choice about."""
        rules, kind = self.rules, Kind(self.spec.kind)
        gone = ["client_id", "owner"] if self.application is not None else []
        if rules.redirect_uris == RedirectUse.FORBIDDEN:
            gone += [
                "redirect_uris",
                "post_logout_redirect_uris",
                "consent_mode",
                "consent_lifetime",
            ]
            gone += (
                ["client_uri", "logo_uri", "policy_uri", "tos_uri"] if kind is Kind.SERVICE else []
            )
        else:
            self.fields["redirect_uris"].help_text = redirect_help(kind)
        if kind not in {Kind.SPA, Kind.WEB}:
            gone.append("allowed_origins")
        if kind not in {Kind.NATIVE, Kind.AGENT}:
            gone.append("localhost_port")
        if kind is Kind.SERVICE:
            gone += ["refresh_token_lifetime", "refresh_token_idle_lifetime"]
        self._narrow_choices(gone)
        for name in gone:
            del self.fields[name]

    def _narrow_choices(self, gone: list[str]) -> None:
        methods = [
            (name, AUTH_METHODS[name]) for name in self.rules.auth_methods if name in AUTH_METHODS
        ]
        types = [pair for pair in GRANT_TYPES if pair[0] in self.rules.allowed_grant_types]
        self.fields["token_endpoint_auth_method"].choices = methods  # type: ignore[attr-defined]
        self.fields["grant_types"].choices = types  # type: ignore[attr-defined]
        if len(methods) < 2:
            gone.append("token_endpoint_auth_method")
        if len(types) < 2:
            gone.append("grant_types")


def new_spec(kind: str) -> ClientSpec:
    """Return the beginning of a new client of a kind, with an identifier at random."""
    return ClientSpec(kind=kind, client_id=secrets.token_urlsafe(18))


def _initial(spec: ClientSpec) -> dict[str, Any]:
    initial = {name: getattr(spec, name) for name in ClientSpec.__dataclass_fields__}
    initial["grant_types"] = sorted(spec.granted_types)
    initial["token_endpoint_auth_method"] = spec.auth_method
    initial["owner"] = spec.owner.get_username() if spec.owner else ""
    return initial


KIND_WORDS = (
    (Kind.WEB, _("Web app"), _("Runs on a server, keeps a secret, users sign in.")),
    (Kind.SPA, _("Single-page app"), _("Runs in the browser alone, keeps no secret.")),
    (Kind.NATIVE, _("Mobile or desktop app"), _("Installed on the user's device.")),
    (Kind.SERVICE, _("Service without a user"), _("A job or server that acts in its own name.")),
    (Kind.DEVICE, _("TV or device"), _("Has no browser; the user signs in on a phone.")),
    (Kind.AGENT, _("AI agent (MCP)"), _("An assistant or tool that acts for a user.")),
)
