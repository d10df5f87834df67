"""The site as an app of its own."""

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    """Its people and pages."""

    name = "support.django_office"
    label = "django_office"
