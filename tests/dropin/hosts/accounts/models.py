"""A site's own people and clients: other keys, other names, other reverse accessors."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from oauth2_provider.models import AbstractApplication


class PersonManager(BaseUserManager["Person"]):
    """Makes people by handle."""

    def create_user(self, handle: str, password: str, **fields: Any) -> Person:
        """Return a new person."""
        person = self.model(handle=handle, **fields)
        person.set_password(password)
        person.save()
        return person

    def create_superuser(self, handle: str, password: str) -> Person:
        """Return a new person who may do everything in the admin."""
        return self.create_user(handle, password, is_staff=True)


class Person(AbstractBaseUser):
    """A user without username, e-mail address, groups and permissions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    handle = models.CharField(max_length=50, unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)

    objects = PersonManager()

    USERNAME_FIELD = "handle"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.handle

    def has_perm(self, permission: str, row: Any = None) -> bool:
        """Return whether this is one of the staff, who may do everything."""
        return self.is_staff

    def has_module_perms(self, app: str) -> bool:
        """Return whether this is one of the staff."""
        return self.is_staff


class Client(AbstractApplication):
    """The model that ``OAUTH2_PROVIDER_APPLICATION_MODEL`` names."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="clients_owned"
    )
    colour = models.CharField(max_length=20, default="blue")

    class Meta(AbstractApplication.Meta):
        swappable = "OAUTH2_PROVIDER_APPLICATION_MODEL"
