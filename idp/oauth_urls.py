"""The provider's endpoints under the toolkit's names, paths and namespace."""

from django.urls import path, re_path

from idp.views.application import (
    ApplicationDelete,
    ApplicationDetail,
    ApplicationList,
    ApplicationRegistration,
    ApplicationUpdate,
)
from idp.views.authorization import AuthorizationView
from idp.views.authorization_decision import DecisionView
from idp.views.authorization_resume import ResumeView, SwitchAccountView
from idp.views.authorization_select import SelectAccountView
from idp.views.authorized_token import AuthorizedTokensView
from idp.views.device import DeviceView
from idp.views.device_authorization import DeviceAuthorizationView
from idp.views.discovery import KeySetView, ProviderMetadataView
from idp.views.introspection import IntrospectionView
from idp.views.logo import LogoView
from idp.views.logout import LogoutConfirmView, LogoutView
from idp.views.pushed_request import PushedAuthorizationRequestView
from idp.views.registration import RegistrationManagementView, RegistrationView
from idp.views.revocation import RevocationView
from idp.views.token import TokenView
from idp.views.userinfo import UserInfoView

app_name = "oauth2_provider"

urlpatterns = [
    # First what is asked most: each address is compared in this order.
    path("token/", TokenView.as_view(), name="token"),
    path("revoke_token/", RevocationView.as_view(), name="revoke-token"),
    path("introspect/", IntrospectionView.as_view(), name="introspect"),
    path("userinfo/", UserInfoView.as_view(), name="user-info"),
    path("authorize/", AuthorizationView.as_view(), name="authorize"),
    path("authorize/decide/", DecisionView.as_view(), name="authorize-decide"),
    path("authorize/resume/", ResumeView.as_view(), name="authorize-resume"),
    path("authorize/select/", SelectAccountView.as_view(), name="authorize-select"),
    path("authorize/switch/", SwitchAccountView.as_view(), name="authorize-switch"),
    path("par/", PushedAuthorizationRequestView.as_view(), name="pushed-authorization-request"),
    path("device-authorization/", DeviceAuthorizationView.as_view(), name="device-authorization"),
    path("device/", DeviceView.as_view(), name="device"),
    path("logo/<slug:digest>/", LogoView.as_view(), name="client-logo"),
    path("logout/", LogoutView.as_view(), name="rp-initiated-logout"),
    path("logout/confirm/", LogoutConfirmView.as_view(), name="rp-initiated-logout-confirm"),
    re_path(
        r"^\.well-known/openid-configuration/?$",
        ProviderMetadataView.as_view(),
        name="oidc-connect-discovery-info",
    ),
    path(".well-known/jwks.json", KeySetView.as_view(), name="jwks-info"),
    path(
        ".well-known/oauth-authorization-server",
        ProviderMetadataView.as_view(),
        name="oauth-server-metadata",
    ),
    path("applications/", ApplicationList.as_view(), name="list"),
    path("applications/register/", ApplicationRegistration.as_view(), name="register"),
    path("applications/<slug:pk>/", ApplicationDetail.as_view(), name="detail"),
    path("applications/<slug:pk>/delete/", ApplicationDelete.as_view(), name="delete"),
    path("applications/<slug:pk>/update/", ApplicationUpdate.as_view(), name="update"),
    path("authorized_tokens/", AuthorizedTokensView.as_view(), name="authorized-token-list"),
    path(
        "authorized_tokens/<slug:pk>/delete/",
        AuthorizedTokensView.as_view(),
        name="authorized-token-delete",
    ),
    path("register/", RegistrationView.as_view(), name="dcr-register"),
    path(
        "register/<str:client_id>/",
        RegistrationManagementView.as_view(),
        name="dcr-register-management",
    ),
]
