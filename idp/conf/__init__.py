"""What the site configures: ``IDP``, ``OAUTH2_PROVIDER``, and the models that it swapped."""

from idp.conf.provider import HARDENED, WIRING, provider_settings
from idp.conf.setting import RULE_SETS, IdpSettings, idp_settings
from idp.conf.toolkit_model import (
    access_token_model,
    application_label,
    application_model,
    device_grant_model,
    grant_model,
    id_token_model,
    refresh_token_model,
)

__all__ = [
    "HARDENED",
    "RULE_SETS",
    "WIRING",
    "IdpSettings",
    "access_token_model",
    "application_label",
    "application_model",
    "device_grant_model",
    "grant_model",
    "id_token_model",
    "idp_settings",
    "provider_settings",
    "refresh_token_model",
]
