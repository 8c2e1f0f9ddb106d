"""As in ``migrations``, by a site that wrote down what the toolkit needs first."""

from importlib import import_module

base = import_module("tests.dropin.hosts.accounts.migrations.0002_client").Migration


class Migration(base):
    run_before = [("oauth2_provider", "0001_initial")]
