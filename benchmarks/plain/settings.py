"""The same surroundings as the reference site, with the toolkit as it comes in the middle."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from idp.conf import HARDENED
from project.environment import VAR_DIR
from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS, MIDDLEWARE, OAUTH2_PROVIDER, REST_FRAMEWORK

INSTALLED_APPS = [
    name for name in INSTALLED_APPS if name != "idp" and not name.startswith("project.")
]
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("project.")]
ROOT_URLCONF = "benchmarks.plain.urls"
LOGIN_URL = "/admin/login/"


def _rsa_key() -> str:
    """Return the signing key, made once: the server and the preparation share it."""
    path = VAR_DIR / "bench-rsa.pem"
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        path.touch(mode=0o600)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return path.read_text(encoding="ascii")


OAUTH2_PROVIDER = {
    **{name: value for name, value in HARDENED.items() if not name.startswith("IDP_")},
    "OIDC_ISS_ENDPOINT": OAUTH2_PROVIDER["OIDC_ISS_ENDPOINT"],
    "OIDC_RSA_PRIVATE_KEY": _rsa_key(),
    "SCOPES": {"openid": "OpenID", "account:read": "Account", "reports:read": "Reports"},
}
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "oauth2_provider.contrib.rest_framework.OAuth2Authentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["oauth2_provider.contrib.rest_framework.TokenHasScope"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": [],
    "DEFAULT_PAGINATION_CLASS": None,
}
