"""The toolkit's validator with our rules on top; the site's own keeps its word beneath them."""

from __future__ import annotations

from oauth2_provider.oauth2_validators import OAuth2Validator

from idp.dot.bearer import BearerRules
from idp.dot.client import ClientRules
from idp.dot.code import CodeRules
from idp.dot.device import DeviceRules
from idp.dot.id_token import IdTokenRules
from idp.dot.refresh import RefreshRules
from idp.dot.scope import ScopeRules
from idp.dot.token import TokenRules


class IdpValidatorMixin(
    ClientRules,
    ScopeRules,
    CodeRules,
    DeviceRules,
    RefreshRules,
    TokenRules,
    IdTokenRules,
    BearerRules,
):
    """Put outermost over a site's own validator: ``class V(IdpValidatorMixin, TheirValidator)``."""


class IdpValidator(IdpValidatorMixin, OAuth2Validator):
    """The validator of a site that has none of its own."""
