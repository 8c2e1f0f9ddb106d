"""Metadata at the origin, where RFC 8414 and RFC 9728 look; include at the root of a site."""

from django.urls import path

from idp.views.discovery import ProtectedResourceView, ProviderMetadataView

urlpatterns = [
    path(
        ".well-known/oauth-authorization-server",
        ProviderMetadataView.as_view(),
        name="idp-server-metadata",
    ),
    path(
        ".well-known/oauth-authorization-server/<path:issuer_path>",
        ProviderMetadataView.as_view(),
        name="idp-server-metadata-of-issuer",
    ),
    path(
        ".well-known/openid-configuration/<path:issuer_path>",
        ProviderMetadataView.as_view(),
        name="idp-openid-metadata-of-issuer",
    ),
    path(
        ".well-known/oauth-protected-resource",
        ProtectedResourceView.as_view(),
        name="idp-resource-metadata",
    ),
    path(
        ".well-known/oauth-protected-resource/<path:resource_path>",
        ProtectedResourceView.as_view(),
        name="idp-resource-metadata-of-path",
    ),
]
