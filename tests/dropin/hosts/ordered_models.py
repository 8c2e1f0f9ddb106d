"""The site of ``own_models``, whose migrations say what comes before the toolkit's."""

from tests.dropin.hosts.own_models import *  # noqa: F403

MIGRATION_MODULES = {"accounts": "tests.dropin.hosts.accounts.ordered"}
