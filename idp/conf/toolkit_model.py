"""The toolkit's models, which a site may have swapped for its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings

if TYPE_CHECKING:
    from django.db.models import Model

_DEFAULT_MODELS = {
    "APPLICATION": "oauth2_provider.Application",
    "ACCESS_TOKEN": "oauth2_provider.AccessToken",
    "REFRESH_TOKEN": "oauth2_provider.RefreshToken",
    "GRANT": "oauth2_provider.Grant",
    "ID_TOKEN": "oauth2_provider.IDToken",
    "DEVICE_GRANT": "oauth2_provider.DeviceGrant",
}


def application_label() -> str:
    """Return the label of the model of clients, by the same rule that the toolkit follows.

    Asked when models are built, never when this module is imported: the site's settings module
    imports it while it is still being read.
    """
    return _label("APPLICATION")


def _label(kind: str) -> str:
    label: str | None = getattr(settings, f"OAUTH2_PROVIDER_{kind}_MODEL", None)
    return label or _DEFAULT_MODELS[kind]


def _model(kind: str) -> type[Model]:
    return apps.get_model(_label(kind))


def application_model() -> type[Any]:
    """Return the model class whose rows are clients."""
    return _model("APPLICATION")


def access_token_model() -> type[Any]:
    """Return the model class of access tokens."""
    return _model("ACCESS_TOKEN")


def refresh_token_model() -> type[Any]:
    """Return the model class of refresh tokens."""
    return _model("REFRESH_TOKEN")


def grant_model() -> type[Any]:
    """Return the model class of authorization codes."""
    return _model("GRANT")


def id_token_model() -> type[Any]:
    """Return the model class of ID tokens."""
    return _model("ID_TOKEN")


def device_grant_model() -> type[Any]:
    """Return the model class of device codes."""
    return _model("DEVICE_GRANT")
