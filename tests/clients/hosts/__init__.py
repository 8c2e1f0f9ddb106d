"""A Django site whose people sign in elsewhere, by mozilla-django-oidc.

The provider, and what it calls this client, come from the environment.
"""
