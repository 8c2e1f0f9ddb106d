"""The API of the host sites, behind each check of tokens that such a site may use."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from oauth2_provider.contrib.rest_framework import OAuth2Authentication, TokenHasScope
from oauth2_provider.decorators import protected_resource
from rest_framework.response import Response
from rest_framework.views import APIView


def sign_in(request: HttpRequest) -> HttpResponse:
    """Stand where a site's sign-in page is."""
    return HttpResponse("Sign in")


@protected_resource(scopes=["read"])
def decorated(request: HttpRequest) -> JsonResponse:
    """Return whose notes these are, behind the toolkit's decorator."""
    return JsonResponse({"owner": request.resource_owner.get_username()})


def judged() -> Any:
    """Return the view with the decorator told to use our validator."""
    from idp.dot.validator import IdpValidator

    return protected_resource(scopes=["read"], validator_cls=IdpValidator)(decorated.__wrapped__)


class Theirs(APIView):
    """The same behind the toolkit's classes for REST framework."""

    authentication_classes: ClassVar[list[Any]] = [OAuth2Authentication]
    permission_classes: ClassVar[list[Any]] = [TokenHasScope]
    required_scopes: ClassVar[list[str]] = ["read"]

    def get(self, request: Any) -> Response:
        """Return whose notes these are."""
        return Response({"owner": request.user.get_username()})


def ours() -> Any:
    """Return the view behind our classes; imported only where ``idp`` is installed."""
    from idp.contrib.rest_framework import HasScope
    from idp.contrib.rest_framework import OAuth2Authentication as OurAuthentication

    class Ours(Theirs):
        authentication_classes: ClassVar[list[Any]] = [OurAuthentication]
        permission_classes: ClassVar[list[Any]] = [HasScope.of("read")]

    return Ours.as_view()
