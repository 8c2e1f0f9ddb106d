"""The protected view of the sample API, behind the toolkit's own authentication."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from oauth2_provider.contrib.rest_framework import TokenHasScope
from rest_framework import serializers
from rest_framework.generics import RetrieveAPIView
from rest_framework.permissions import IsAuthenticated


class UserProfileSerializer(serializers.ModelSerializer[Any]):
    """The fields that the sample API gives."""

    name = serializers.CharField(source="get_full_name", read_only=True)

    class Meta:
        """Read only."""

        model = get_user_model()
        fields = ("username", "name", "email", "date_joined")
        read_only_fields = fields


class UserProfileView(RetrieveAPIView[Any]):
    """The profile of the person who gave the token."""

    serializer_class = UserProfileSerializer
    permission_classes = (TokenHasScope, IsAuthenticated)
    required_scopes = ("account:read",)

    def get_object(self) -> Any:
        """Return that person."""
        return self.request.user
