"""Who the caller acts for."""

from __future__ import annotations

from typing import Any

from rest_framework.generics import RetrieveAPIView
from rest_framework.permissions import IsAuthenticated

from idp.contrib.rest_framework import HasScope
from project.api.serializer import UserProfileSerializer


class UserProfileView(RetrieveAPIView[Any]):
    """The profile of the person who gave the token."""

    serializer_class = UserProfileSerializer
    permission_classes = (HasScope.of("account:read"), IsAuthenticated)

    def get_object(self) -> Any:
        """Return that person."""
        return self.request.user
