"""Settings of the sample API: everything closed by default, everything loaded from this site."""

from __future__ import annotations

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["project.api.authentication.ApiAuthentication"],
    # A view that names no scope is closed.
    "DEFAULT_PERMISSION_CLASSES": ["idp.contrib.rest_framework.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["project.api.throttle.ClientThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["project.api.parser.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "project.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Photos API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "A sample API behind OAuth 2.0: photos, a profile, and a report for services.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False},
    "SWAGGER_UI_OAUTH2_CONFIG": {
        "clientId": "api-docs",
        "usePkceWithAuthorizationCodeGrant": True,
    },
}

CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_CREDENTIALS = False
CORS_EXPOSE_HEADERS = ["WWW-Authenticate", "Retry-After"]
CORS_PREFLIGHT_MAX_AGE = 600
