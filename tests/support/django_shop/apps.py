"""The site as an app of its own."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """Its people and templates."""

    name = "support.django_shop"
    label = "django_shop"
