"""System checks of an API: views that no scope guards, and scopes that guard no view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Tags
from django.db import DatabaseError
from django.urls import get_resolver
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from idp.contrib.rest_framework.authentication import OAuth2Authentication
from idp.contrib.rest_framework.permission import HasScope
from idp.models import Api
from idp.services.catalogue import current_catalogue
from idp.services.scope_use import IDENTITY_SCOPES


class ApiCheckId(StrEnum):
    """Every check of an API."""

    VIEW_WITHOUT_SCOPE = "idp.W101"
    SCOPE_WITHOUT_VIEW = "idp.I101"


def register() -> None:
    """Register the checks with Django; what reads the catalogue runs with ``--database``."""
    checks.register(check_views, Tags.security)
    checks.register(check_scopes, Tags.database)


def check_views(**_kwargs: Any) -> list[CheckMessage]:
    """Name the views that take access tokens and ask for no scope.

    A view that says ``AllowAny`` itself is meant to be open; one that only inherits it is not.
    """
    return [
        checks.Warning(
            f"{_name(view)} takes access tokens and asks for no scope, so that any token opens it.",
            hint='Add HasScope.of("…") to its permission_classes.',
            obj=_name(view),
            id=ApiCheckId.VIEW_WITHOUT_SCOPE,
        )
        for view in sorted(set(api_views()), key=_name)
        if _takes_tokens(view) and not _is_open(view) and not _is_guarded(view)
    ]


def check_scopes(databases: Any = None, **_kwargs: Any) -> list[CheckMessage]:
    """Name the scopes that no view asks for, by themselves or as included in another.

    Left out are those that sign-in itself uses, and those of an API that runs elsewhere: one with
    resource servers, which introspect its tokens.
    """
    if not databases:
        return []
    try:
        unused = unused_scopes()
    except DatabaseError:  # before the first migration
        return []
    return [
        checks.Info(
            f"No view asks for the scope {name}.",
            hint="Guard a view with it, give its API its resource servers, or retire it.",
            obj=name,
            id=ApiCheckId.SCOPE_WITHOUT_VIEW,
        )
        for name in unused
    ]


def unused_scopes() -> list[str]:
    """Return the active scopes of this site's own APIs that open no view."""
    asked = {
        name
        for view in api_views()
        for permission in _permissions(view.permission_classes)
        for need in permission.needs.values()
        for way in need
        for name in way
    }
    elsewhere = set(
        Api.objects.filter(resource_servers__isnull=False).values_list("identifier", flat=True)
    )
    catalogue = current_catalogue()
    return sorted(
        scope.name
        for scope in catalogue.scopes.values()
        if scope.active
        and scope.api not in elsewhere
        and scope.name not in IDENTITY_SCOPES
        and asked.isdisjoint(catalogue.effective([scope.name]))
    )


def api_views(patterns: Iterable[Any] | None = None) -> Iterator[type[APIView]]:
    """Yield the class of every API view that the site mounts."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if hasattr(entry, "url_patterns"):
            yield from api_views(entry.url_patterns)
            continue
        view = getattr(entry.callback, "cls", None)
        if isinstance(view, type) and issubclass(view, APIView):
            yield view


def _takes_tokens(view: type[APIView]) -> bool:
    return any(issubclass(found, OAuth2Authentication) for found in view.authentication_classes)


def _is_open(view: type[APIView]) -> bool:
    """Return whether a view, or a class of it beside the framework's own, says that it is open."""
    said = view.permission_classes is not APIView.permission_classes
    return said and all(found is AllowAny for found in view.permission_classes)


def _is_guarded(view: type[APIView]) -> bool:
    """Return whether a view asks for a scope; one that names none is closed, so it is guarded."""
    return any(_permissions(view.permission_classes))


def _permissions(found: Iterable[Any]) -> Iterator[type[HasScope]]:
    """Yield the permissions that ask for scopes, those inside ``A | B`` and ``A & B`` included."""
    for permission in found:
        parts = [getattr(permission, name, None) for name in ("op1_class", "op2_class")]
        yield from _permissions(part for part in parts if part is not None)
        if isinstance(permission, type) and issubclass(permission, HasScope):
            yield permission


def _name(view: type[APIView]) -> str:
    return f"{view.__module__}.{view.__qualname__}"
