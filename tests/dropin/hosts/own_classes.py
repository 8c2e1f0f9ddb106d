"""A site with classes of its own at every seam of the toolkit."""

from tests.dropin.hosts.common import *  # noqa: F403
from tests.dropin.hosts.common import HAD, IDP_PLACE, installed, provider

INSTALLED_APPS = installed()
VALIDATOR = "own_validator.Validator" if IDP_PLACE else "site_classes.SiteValidator"
OAUTH2_PROVIDER = provider(
    {
        **{key: value for key, value in HAD.items() if "SCOPES" not in key},
        "SCOPES_BACKEND_CLASS": "tests.dropin.hosts.site_classes.SiteScopes",
        "OAUTH2_VALIDATOR_CLASS": f"tests.dropin.hosts.{VALIDATOR}",
        "OAUTH2_BACKEND_CLASS": "tests.dropin.hosts.site_classes.SiteCore",
        "OIDC_ISS_ENDPOINT": "https://notes.example.com/o",
    }
)
