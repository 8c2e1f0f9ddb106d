"""A site with the toolkit's own models, and nothing of its own in the protocol."""

from tests.dropin.hosts.common import *  # noqa: F403
from tests.dropin.hosts.common import HAD, installed, provider

INSTALLED_APPS = installed()
OAUTH2_PROVIDER = provider(HAD)
