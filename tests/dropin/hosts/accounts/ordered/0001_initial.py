"""As in ``migrations``."""

from importlib import import_module

Migration = import_module("tests.dropin.hosts.accounts.migrations.0001_initial").Migration
