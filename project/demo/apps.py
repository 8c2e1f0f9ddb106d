"""Django's entry into the demo."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Demo content and demo clients."""

    name = "project.demo"
    label = "demo"
