"""An identity provider on top of django-oauth-toolkit, run from the Django admin."""
