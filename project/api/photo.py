"""One's own photos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.viewsets import GenericViewSet

from idp.contrib.rest_framework import HasScope
from project.api.models import Photo
from project.api.serializer import PhotoSerializer

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.serializers import BaseSerializer

READ, WRITE = "photos:read", "photos:write"


class PhotoViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet[Photo],
):
    """Photos of the person who gave the token; everybody else's are not there."""

    queryset = Photo.objects.none()
    lookup_value_converter = "uuid"
    serializer_class = PhotoSerializer
    permission_classes = (
        HasScope.per_action(list=READ, retrieve=READ, picture=READ, create=WRITE, destroy=WRITE),
    )

    def get_queryset(self) -> QuerySet[Photo]:
        """Return the caller's own photos, without their content unless it is asked for."""
        own = Photo.objects.filter(owner=self.request.user.pk)
        return own if self.action == "picture" else own.defer("content")

    def perform_create(self, serializer: BaseSerializer[Photo]) -> None:
        """Keep a new photo for the caller."""
        serializer.save(owner=self.request.user)

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY})
    @action(detail=True)
    def picture(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Return the picture itself."""
        return HttpResponse(
            bytes(self.get_object().content),
            content_type="image/png",
            headers={"Cache-Control": "private, no-store"},
        )
