"""The toolkit's wrapper around oauthlib, as the site configured it, with ours composed on top."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.core.signals import setting_changed
from oauth2_provider.settings import oauth2_settings

from idp.dot.backend import IdpCoreMixin


def core_of() -> Any:
    """Return the wrapper for this process; built once, and again when the settings change."""
    return _core()


@lru_cache(maxsize=1)
def _core() -> Any:
    base = oauth2_settings.OAUTH2_BACKEND_CLASS
    core = base if issubclass(base, IdpCoreMixin) else type("SiteCore", (IdpCoreMixin, base), {})
    validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
    server = oauth2_settings.OAUTH2_SERVER_CLASS(validator, **oauth2_settings.server_kwargs)
    return core(server)


def _forget(*, setting: str, **_kwargs: Any) -> None:
    if setting == "OAUTH2_PROVIDER":
        _core.cache_clear()


setting_changed.connect(_forget, dispatch_uid="idp.dot.core")
