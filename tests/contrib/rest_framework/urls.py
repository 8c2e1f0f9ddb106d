"""Views of an API, one for each way to demand something."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from idp.contrib.rest_framework import (
    FreshSignIn,
    HasScope,
    IsClient,
    OAuth2Authentication,
    access_of,
)


class Identified(OAuth2Authentication):
    resource = "/shelf"


class View(APIView):
    authentication_classes = [OAuth2Authentication]
    throttle_classes = []

    def get(self, request: Any, **kwargs: Any) -> Response:
        access = access_of(request)
        assert access is not None
        return Response({"user": str(request.user), "scopes": sorted(access.scopes)})

    post = get


class Items(ViewSet):
    authentication_classes = [OAuth2Authentication]
    throttle_classes = []
    permission_classes = [HasScope.per_action(list="read", create=("read", "write"))]

    def list(self, request: Any) -> Response:
        return Response([])

    create = destroy = list


def view(*permissions: Any, **attributes: Any) -> Any:
    made = type("Made", (View,), {"permission_classes": list(permissions), **attributes})
    return made.as_view()


urlpatterns = [
    path("read/", view(HasScope.of("read"))),
    path("both/", view(HasScope.of("read", "write"))),
    path("either/", view(HasScope.any_of("read", "write"))),
    path("methods/", view(HasScope.per_method(GET="read", POST=HasScope.any_of("write", "admin")))),
    path("closed/", view(HasScope)),
    path("fresh/", view(HasScope.of("read"), FreshSignIn(max_age=timedelta(minutes=5)))),
    path("strong/", view(HasScope.of("read"), FreshSignIn(acr="urn:mfa"))),
    path("client/", view(IsClient)),
    path("shelf/", view(HasScope.of("read"), authentication_classes=[Identified])),
    path("items/", Items.as_view({"get": "list", "post": "create", "delete": "destroy"})),
]
