"""The site's own validator keeps its word: what it refuses stays refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings

_OURS = "idp.dot."


class SiteRules:
    """Finds out what a site's own validator overrides, beneath ours."""

    def site_agrees(self, method: str, *args: Any, **kwargs: Any) -> bool:
        """Return the answer of the site's own method, or True where the site has none.

        The toolkit's stock answer does not count: ours replaces it.
        """
        below = _beneath(type(self), method)
        return bool(below(self, *args, **kwargs)) if below is not None else True


def is_stock(validator: type, methods: Iterable[str]) -> bool:
    """Return whether nobody but the toolkit and ourselves defines any of these methods."""
    others = [cls for cls in validator.__mro__ if not cls.__module__.startswith(_OURS)]
    site = [cls for cls in others if not issubclass(OAuth2Validator, cls)]
    return not any(name in vars(cls) for cls in site for name in methods)


def insists_on_pkce(validator: Any, client_id: str, request: Any) -> bool:
    """Return whether code of the site itself, and no plain setting, wants PKCE of a client."""
    own = _beneath(type(validator), "is_pkce_required")
    if own is not None:
        return bool(own(validator, client_id, request))
    required = oauth2_settings.PKCE_REQUIRED
    return callable(required) and bool(required(client_id))


def _beneath(validator: type, method: str) -> Any:
    """Return the first definition of a method by the site, below ours, or None."""
    ours = False
    for cls in validator.__mro__:
        if cls is OAuth2Validator:
            return None
        if cls.__module__.startswith(_OURS):
            ours = True
        elif ours and method in vars(cls):
            return vars(cls)[method]
    return None
