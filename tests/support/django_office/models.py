"""People of the site, who sign in by their e-mail address."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models


class UserManager(BaseUserManager):
    """Makes people of addresses and passwords."""

    def create_user(self, email: str, password: str, **more: Any) -> "User":
        """The new one."""
        user: User = self.model(email=self.normalize_email(email), **more)
        user.set_password(password)
        user.save()
        return user


class User(AbstractUser):
    """Somebody with one name, and no user name."""

    name = models.CharField(blank=True, max_length=255)
    first_name = None
    last_name = None
    username = None
    email = models.EmailField(unique=True)
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()
