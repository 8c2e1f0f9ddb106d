"""A site with its own models of people and clients."""

from tests.dropin.hosts.common import *  # noqa: F403
from tests.dropin.hosts.common import HAD, installed, provider

INSTALLED_APPS = installed("tests.dropin.hosts.accounts")
AUTH_USER_MODEL = "accounts.Person"
OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.Client"
OAUTH2_PROVIDER = provider(HAD)
