"""Django's entry into the sample API."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The sample protected API."""

    name = "project.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Describe bearer tokens in the OpenAPI document, and let registered origins in."""
        from idp.contrib.rest_framework import schema  # noqa: F401 - registers itself
        from project.api import cors

        cors.connect()
