"""The site's validator under our rules: the one line that such a site adds."""

from idp.dot.validator import IdpValidatorMixin
from tests.dropin.hosts.site_classes import SiteValidator


class Validator(IdpValidatorMixin, SiteValidator):
    """The site's own word beneath ours."""
