"""Views of the toolkit that ours build on or give way to."""

from oauth2_provider.compat import login_not_required
from oauth2_provider.views import (
    ApplicationDelete,
    ApplicationDetail,
    ApplicationList,
    ApplicationRegistration,
    ApplicationUpdate,
    DynamicClientRegistrationManagementView,
    DynamicClientRegistrationView,
)
from oauth2_provider.views import AuthorizationView as ToolkitAuthorizationView

__all__ = [
    "ApplicationDelete",
    "ApplicationDetail",
    "ApplicationList",
    "ApplicationRegistration",
    "ApplicationUpdate",
    "DynamicClientRegistrationManagementView",
    "DynamicClientRegistrationView",
    "ToolkitAuthorizationView",
    "login_not_required",
]
