"""Each field that an operator fills in says what it does."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

from django import forms
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

import idp.admin
from idp.admin.base import DeskAdmin
from idp.admin.policy import ClientPolicyAdmin
from idp.admin.site import SiteStateAdmin
from idp.models import Api, Scope, ScopePolicy

WITHOUT_A_LIST = (ClientPolicyAdmin, SiteStateAdmin)
"""Their lists lead elsewhere at once."""


def _forms() -> Iterator[tuple[str, dict[str, forms.Field]]]:
    for found in pkgutil.iter_modules(idp.admin.__path__, "idp.admin."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            own = isinstance(value, type) and value.__module__ == module.__name__
            if own and issubclass(value, forms.BaseForm):
                yield f"{found.name}.{name}", value.base_fields
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    for model in (Api, Scope, ScopePolicy):
        form = admin.site._registry[model].get_form(request, change=False)
        yield model.__name__, form.base_fields


def test_each_field_of_each_form_has_a_help_text() -> None:
    silent = [
        f"{form}.{name}"
        for form, fields in _forms()
        for name, field in fields.items()
        if not field.help_text and not isinstance(field.widget, forms.HiddenInput)
    ]
    assert silent == []


PROTOCOL = frozenset(
    {
        "access_token_format",
        "access_token_lifetime",
        "acr",
        "acr_values",
        "allowed_origins",
        "api",
        "backchannel_logout_session_required",
        "backchannel_logout_uri",
        "client_id",
        "client_name",
        "client_uri",
        "consent",
        "consent_mode",
        "contacts",
        "default",
        "default_max_age",
        "grant_types",
        "id_token_signed_response_alg",
        "identifier",
        "jwks",
        "jwks_uri",
        "localhost_port",
        "logo_uri",
        "max_authentication_age",
        "optional",
        "policy_uri",
        "post_logout_redirect_uris",
        "public",
        "redirect_uris",
        "refresh",
        "refresh_token_idle_lifetime",
        "refresh_token_lifetime",
        "require_pushed_authorization_requests",
        "resource_servers",
        "scopes",
        "sector_identifier_uri",
        "software_id",
        "subject_type",
        "token_endpoint_auth_method",
        "token_endpoint_auth_signing_alg",
        "tos_uri",
        "userinfo_signed_response_alg",
    }
)
"""Fields that a specification tells of, by their names."""
SOURCE = re.compile(r"RFC \d{4}|OpenID Connect|OAuth 2\.1")
SETTINGS = ("client_f", "client_p", "policy", "Api", "Scope")
"""Forms of what stays: here the text also says what happens if a field is wrong."""


def test_each_help_text_is_a_sentence_that_says_what_follows_and_names_its_source() -> None:
    short, unsourced = [], []
    for form, fields in _forms():
        for name, field in fields.items():
            text = str(field.help_text)
            if isinstance(field.widget, forms.HiddenInput):
                continue
            stays = any(word in form for word in SETTINGS)
            if not text.endswith(".") or len(text.split()) < (8 if stays else 3):
                short.append((form, name, text))
            if stays and name in PROTOCOL and not SOURCE.search(text):
                unsourced.append((form, name, text))
    assert short == []
    assert unsourced == []


def test_each_empty_list_says_what_would_appear_and_how_to_begin() -> None:
    silent = [
        model.__name__
        for model, desk in admin.site._registry.items()
        if isinstance(desk, DeskAdmin) and not isinstance(desk, WITHOUT_A_LIST)
        if not str(desk.empty_text).endswith(".") or len(str(desk.empty_text).split()) < 6
    ]
    assert silent == []
