"""The sample API's answers."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from project.api.models import Photo
from project.api.picture import draw


class PhotoSerializer(serializers.ModelSerializer[Photo]):
    """A photo; its picture is drawn from the title when it is created."""

    picture = serializers.SerializerMethodField()

    class Meta:
        """Only the title is the caller's to choose."""

        model = Photo
        fields = ("id", "title", "picture", "created_at")
        read_only_fields = ("id", "created_at")

    @extend_schema_field(serializers.URLField)
    def get_picture(self, photo: Photo) -> str:
        """Return where the PNG is, behind the same scope."""
        path = f"/api/photos/{photo.pk}/picture/"
        request = self.context.get("request")
        return request.build_absolute_uri(path) if request else path

    def create(self, validated_data: dict[str, Any]) -> Photo:
        """Return a new photo with its picture."""
        return Photo.objects.create(content=draw(validated_data["title"]), **validated_data)


class UserProfileSerializer(serializers.ModelSerializer[Any]):
    """Who the caller acts for."""

    name = serializers.CharField(source="get_full_name", read_only=True)
    email = serializers.CharField(read_only=True, help_text="Empty where none is known.")

    class Meta:
        """Nothing that a client could misuse."""

        model = get_user_model()
        fields = ("username", "name", "email", "date_joined")
        read_only_fields = fields


class MonthSerializer(serializers.Serializer[Any]):
    """One month of the report."""

    month = serializers.CharField(help_text="Year and month, 2026-03.")
    photos = serializers.IntegerField()


class ReportSerializer(serializers.Serializer[Any]):
    """How much the photo service holds; nobody in particular can be seen in it."""

    people = serializers.IntegerField()
    photos = serializers.IntegerField()
    bytes = serializers.IntegerField(help_text="Size of all pictures together.")
    months = MonthSerializer(many=True)
