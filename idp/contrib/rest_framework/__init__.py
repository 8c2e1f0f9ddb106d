"""Authentication, permissions and challenges for a host site's API on Django REST framework."""

from idp.contrib.rest_framework.authentication import OAuth2Authentication, access_of
from idp.contrib.rest_framework.permission import FreshSignIn, HasScope, IsClient

__all__ = ["FreshSignIn", "HasScope", "IsClient", "OAuth2Authentication", "access_of"]
