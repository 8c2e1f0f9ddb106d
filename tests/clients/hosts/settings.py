"""Its settings, as the readme of mozilla-django-oidc asks for them."""

import os

PROVIDER = os.environ["PROVIDER"]
ORIGIN = os.environ["ORIGIN"]

ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = os.environ["SITE_SECRET"]
ROOT_URLCONF = "tests.clients.hosts.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "mozilla_django_oidc",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
# Two sites on one host name see each other's cookies, whatever their ports.
SESSION_COOKIE_NAME = "elsewhere"

AUTHENTICATION_BACKENDS = ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"]
LOGIN_REDIRECT_URL = "/"
LOGIN_REDIRECT_URL_FAILURE = "/?failed"
LOGOUT_REDIRECT_URL = "/"
ALLOW_LOGOUT_GET_METHOD = True
OIDC_RP_CLIENT_ID = os.environ["CLIENT_ID"]
OIDC_RP_CLIENT_SECRET = os.environ["CLIENT_SECRET"]
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid email"
OIDC_USE_PKCE = True
OIDC_TOKEN_USE_BASIC_AUTH = True
OIDC_STORE_ID_TOKEN = True
OIDC_OP_AUTHORIZATION_ENDPOINT = f"{PROVIDER}/authorize/"
OIDC_OP_TOKEN_ENDPOINT = f"{PROVIDER}/token/"
OIDC_OP_USER_ENDPOINT = f"{PROVIDER}/userinfo/"
OIDC_OP_JWKS_ENDPOINT = f"{PROVIDER}/.well-known/jwks.json"
OIDC_OP_LOGOUT_URL_METHOD = "tests.clients.hosts.urls.sign_out_there"
