"""What the site is told by its environment: read once, checked as a whole."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

REQUIRED = {
    "SECRET_KEY": "50 or more random characters, kept secret and stable",
    "ALLOWED_HOSTS": "host names that the site answers to, separated by commas",
    "IDP_ISSUER": "the provider's public address, for example https://id.example.com/o",
}
"""What production cannot guess, with a word on each."""

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SHORTEST_SECRET_KEY = 50


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The site's environment, typed.

    Attributes:
        debug: Django's debug mode; the values that production needs then have defaults.
        secret_key: Django's secret key.
        secret_key_fallbacks: former secret keys, newest first.
        issuer: the OpenID issuer, ``<origin>/o``, without a slash at the end.
        allowed_hosts: host names that the site answers to.
        csrf_trusted_origins: origins, besides the site's own, that may post forms.
        database_url: see ``project.database``.
        cache_url: ``locmem://`` or ``redis://host:port/db``.
        email_url: see ``project.mail``.
        site_name: the name under which the site speaks to people; empty for its host.
        outbound_allowed_hosts: ``host:port`` texts that outgoing requests may reach although
            private.
        open_registration: whether anybody may register a client (RFC 7591).
        trust_proxy_ssl_header: whether a proxy in front sets ``X-Forwarded-Proto`` and drops the
            one that clients send.
        trusted_proxy_hops: how many proxies add to ``X-Forwarded-For``.
        log_level: the least severe level that is logged.
    """

    debug: bool
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    issuer: str
    allowed_hosts: tuple[str, ...]
    csrf_trusted_origins: tuple[str, ...]
    database_url: str
    cache_url: str
    email_url: str
    site_name: str
    outbound_allowed_hosts: tuple[str, ...]
    open_registration: bool
    trust_proxy_ssl_header: bool
    trusted_proxy_hops: int
    log_level: str

    @property
    def origin(self) -> str:
        """Return scheme, host and port of the issuer."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def secure(self) -> bool:
        """Return whether people reach the site over https."""
        return self.issuer.startswith("https://")


def read(environ: Mapping[str, str], *, var_dir: Path = VAR_DIR) -> Environment:
    """Return what the environment says.

    Args:
        environ: names and texts; an empty text counts as absent.
        var_dir: where a debug site keeps its database and its secret key.

    Raises:
        ImproperlyConfigured: a value is missing or wrong; the message names them all.
    """
    given = {name: text.strip() for name, text in environ.items() if text.strip()}
    debug = _flag(given, "DEBUG")
    if debug:
        given = _debug_defaults(given, var_dir)
    problems = [
        f"{name} is not set: {word}" for name, word in REQUIRED.items() if name not in given
    ]
    problems += _wrong_values(given)
    if problems:
        raise ImproperlyConfigured(
            "The environment does not say all that the site needs:\n  "
            + "\n  ".join(problems)
            + "\nFor work on a desk, set DEBUG=1 or use `make demo`."
        )
    return Environment(
        debug=debug,
        secret_key=given["SECRET_KEY"],
        secret_key_fallbacks=_list(given, "SECRET_KEY_FALLBACKS"),
        issuer=given["IDP_ISSUER"].rstrip("/"),
        allowed_hosts=_list(given, "ALLOWED_HOSTS"),
        csrf_trusted_origins=_list(given, "CSRF_TRUSTED_ORIGINS"),
        database_url=given.get("DATABASE_URL", f"sqlite:///{var_dir}/db.sqlite3"),
        cache_url=given.get("CACHE_URL", "locmem://"),
        email_url=given.get("EMAIL_URL", "console://" if debug else "smtp://localhost"),
        site_name=given.get("SITE_NAME", ""),
        outbound_allowed_hosts=_list(given, "IDP_OUTBOUND_ALLOWED_HOSTS"),
        open_registration=_flag(given, "IDP_OPEN_REGISTRATION"),
        trust_proxy_ssl_header=_flag(given, "TRUST_PROXY_SSL_HEADER"),
        trusted_proxy_hops=int(given.get("TRUSTED_PROXY_HOPS", "0")),
        log_level=given.get("LOG_LEVEL", "INFO").upper(),
    )


def local_secret_key(var_dir: Path = VAR_DIR) -> str:
    """Return the secret key of a site on a desk, made at first use and kept in ``var/``."""
    var_dir.mkdir(parents=True, exist_ok=True)
    path = var_dir / "secret_key"
    try:
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")


def _debug_defaults(given: Mapping[str, str], var_dir: Path) -> dict[str, str]:
    """Return the environment with what a desk needs in the places that were left empty."""
    defaults = {
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "IDP_ISSUER": "http://127.0.0.1:8000/o",
    }
    if "SECRET_KEY" not in given:
        defaults["SECRET_KEY"] = local_secret_key(var_dir)
    return {**defaults, **given}


def _wrong_values(given: Mapping[str, str]) -> list[str]:
    problems = []
    key = given.get("SECRET_KEY")
    if key is not None and len(key) < SHORTEST_SECRET_KEY:
        problems.append(f"SECRET_KEY is shorter than {SHORTEST_SECRET_KEY} characters")
    issuer = given.get("IDP_ISSUER")
    if issuer is not None and not _is_issuer(issuer.rstrip("/")):
        problems.append(
            "IDP_ISSUER is no issuer of this site: https://host/o, or http:// on a loopback host, "
            "without query and fragment (OpenID Connect Discovery 1.0 §3)"
        )
    hops = given.get("TRUSTED_PROXY_HOPS", "0")
    if not (hops.isascii() and hops.isdigit()):
        problems.append("TRUSTED_PROXY_HOPS is not a number of proxies")
    if given.get("LOG_LEVEL", "INFO").upper() not in LOG_LEVELS:
        problems.append(f"LOG_LEVEL is none of {', '.join(LOG_LEVELS)}")
    return problems


def _is_issuer(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname
        parts.port  # noqa: B018 - raises ValueError when it is no port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or parts.username or "?" in text or "#" in text)
    scheme_fits = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    return bool(host) and plain and scheme_fits and parts.path.endswith("/o")


def _flag(given: Mapping[str, str], name: str) -> bool:
    return given.get(name, "").lower() in {"1", "true", "yes", "on"}


def _list(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(entry for part in given.get(name, "").split(",") if (entry := part.strip()))
