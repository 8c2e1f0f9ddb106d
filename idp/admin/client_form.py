"""The form of a client: asks what its kind leaves open, and hands all to the rules at once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.admin import client_layout, display
from idp.admin.client_field import ClientFields
from idp.admin.owner import MAY_EDIT
from idp.admin.party import user_named
from idp.admin.uri_field import judged, summary
from idp.domain.client import Kind
from idp.models import ClientPolicy, RedirectUri
from idp.services.client_spec import ClientSpec
from idp.services.redirect_uri import inspect_uris

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idp.domain.decision import Reason

URI_FIELDS = {
    "redirect_uris": RedirectUri.Purpose.REDIRECT,
    "post_logout_redirect_uris": RedirectUri.Purpose.POST_LOGOUT,
}


class ClientForm(ClientFields):
    """A client, as an operator describes it."""

    def __init__(
        self,
        *args: Any,
        spec: ClientSpec,
        application: Any = None,
        operator: bool,
        hints: str = "",
        **kwargs: Any,
    ) -> None:
        self.spec, self.application = spec, application
        self.warnings: list[Reason] = []
        kwargs["initial"] = _initial(spec)
        super().__init__(*args, **kwargs)
        client_layout.fit(self.fields, Kind(spec.kind), existing=application is not None)
        for field in self.fields.values():
            if type(field.widget) in (forms.TextInput, forms.URLInput):
                field.widget.attrs.setdefault("class", "vTextField")
        self.fields["scopes"].load(spec.scopes)  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.disabled = not operator and name not in MAY_EDIT
        for name in URI_FIELDS:
            if name in self.fields:
                self.fields[name].widget.hints = hints
        if application is not None:
            self._judge_uris(spec)

    def fieldsets(self) -> list[tuple[Any, dict[str, Any]]]:
        """Return the fields in groups; those that few clients need are folded."""
        return client_layout.fieldsets(self.fields)

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


def new_spec(kind: str) -> ClientSpec:
    """Return the beginning of a new client of a kind, with an identifier at random."""
    return ClientSpec(kind=kind, client_id=secrets.token_urlsafe(18))


def _initial(spec: ClientSpec) -> dict[str, Any]:
    initial = {name: getattr(spec, name) for name in ClientSpec.__dataclass_fields__}
    initial["grant_types"] = sorted(spec.granted_types)
    initial["token_endpoint_auth_method"] = spec.auth_method
    initial["owner"] = spec.owner.get_username() if spec.owner else ""
    return initial
