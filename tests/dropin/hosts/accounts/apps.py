"""The app of a site's own people and clients; its name comes before the toolkit's."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """``accounts``: its second migration makes the clients, and no migration declares an order."""

    name = "tests.dropin.hosts.accounts"
    label = "accounts"
