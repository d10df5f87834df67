"""People of the site."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models


class UserManager(BaseUserManager):
    """Makes people of e-mail addresses."""

    def of(self, email: str) -> "User":
        """The person with this address; new ones have no password."""
        user, is_new = self.get_or_create(email=email)
        if is_new:
            user.set_unusable_password()
            user.save()
        found: User = user
        return found


class User(AbstractUser):
    """Somebody, by a UUID; the e-mail address is what they sign in with."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = None
    email = models.EmailField(unique=True)
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()
