"""The reference site's settings as a production site has them, made quick and predictable."""

import os
import tempfile
from pathlib import Path

from joserfc.jwk import RSAKey

DATABASE_URL = os.environ.get("IDP_TEST_DATABASE_URL") or "sqlite:///var/test.sqlite3"

# Nothing that happens to be set where the tests run may change what they see.
for _name in (
    "CACHE_URL",
    "CSRF_TRUSTED_ORIGINS",
    "DEBUG",
    "EMAIL_URL",
    "IDP_OPEN_REGISTRATION",
    "IDP_OUTBOUND_ALLOWED_HOSTS",
):
    os.environ.pop(_name, None)
for _name in (
    "LOG_LEVEL",
    "SECRET_KEY_FALLBACKS",
    "SITE_NAME",
    "TRUST_PROXY_SSL_HEADER",
    "TRUSTED_PROXY_HOPS",
):
    os.environ.pop(_name, None)
os.environ.update(
    ALLOWED_HOSTS="testserver,127.0.0.1,localhost",
    DATABASE_URL=DATABASE_URL,
    IDP_ISSUER="http://127.0.0.1:8000/o",
    SECRET_KEY="a secret key for tests alone, of more than fifty characters",
)


from project.settings import *  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: connections of several threads then wait for each other as they do on a
    # site. One folder a process, so that two runs do not meet.
    DATABASES["default"]["TEST"] = {
        "NAME": str(Path(tempfile.gettempdir()) / f"idp-test-{os.getpid()}.sqlite3")
    }

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
# Empty, whatever the demo has collected: WhiteNoise reads the whole folder for each new browser of
# a test, and warns about a missing one.
STATIC_ROOT = STATIC_ROOT.parent / "no-static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
LOGGING["root"]["level"] = "WARNING"

# One key a process, adopted by each test's database: making one costs more than most tests.
OAUTH2_PROVIDER = {
    **OAUTH2_PROVIDER,
    "OIDC_RSA_PRIVATE_KEY": RSAKey.generate_key(2048).as_pem(private=True).decode(),
}
