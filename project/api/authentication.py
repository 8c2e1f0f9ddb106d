"""Who calls the sample API."""

from idp.contrib.rest_framework import OAuth2Authentication


class ApiAuthentication(OAuth2Authentication):
    """Bearer tokens; one that was meant for another resource is refused."""

    resource = "/api"
