"""Each field that an operator fills in says what it does."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from django import forms
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

import idp.admin
from idp.models import Api, Scope, ScopePolicy


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
