"""Django's entry into the app."""

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class IdpConfig(AppConfig):
    """The identity provider app."""

    name = "idp"
    verbose_name = _("Identity provider")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register system checks and signal receivers."""
        from idp import checks, receivers

        checks.register()
        receivers.connect()
        if apps.is_installed("rest_framework"):
            from idp.contrib.rest_framework import checks as api_checks

            api_checks.register()
