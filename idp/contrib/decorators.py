"""The toolkit's decorators for views of Django, under the rules that the site's settings name.

The toolkit's own use its stock validator, which notices neither a user who was switched off nor a
client, whatever ``OAUTH2_VALIDATOR_CLASS`` says. Import the same name from here instead::

    from idp.contrib.decorators import protected_resource

    @protected_resource(scopes=["photos:read"])
    def photos(request): ...
"""

from __future__ import annotations

from functools import partial
from typing import Any

from oauth2_provider import decorators
from oauth2_provider.settings import oauth2_settings

__all__ = [
    "protected_resource",
    "protected_resource_metadata",
    "rw_protected_resource",
    "rw_protected_resource_metadata",
]


def _configured() -> Any:
    """Return the validator of the site, as the settings name it at this moment."""
    return oauth2_settings.OAUTH2_VALIDATOR_CLASS()


protected_resource = partial(decorators.protected_resource, validator_cls=_configured)
protected_resource_metadata = partial(
    decorators.protected_resource_metadata, validator_cls=_configured
)
rw_protected_resource = partial(decorators.rw_protected_resource, validator_cls=_configured)
rw_protected_resource_metadata = partial(
    decorators.rw_protected_resource_metadata, validator_cls=_configured
)
