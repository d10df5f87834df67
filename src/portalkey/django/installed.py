"""The app in ``INSTALLED_APPS``, which brings what our urls need."""

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

APP = "portalkey.django"


def require_installed() -> None:
    """Refuse urls of ours in a site without the app: they lack its middleware, tags and checks.

    A site in one file may import them before Django knows what is installed; that one is let be.

    Raises:
        ImproperlyConfigured: With the line to add.
    """
    if apps.apps_ready and not apps.is_installed(APP):
        raise ImproperlyConfigured(
            f"The urls of portalkey are included, and {APP} is not installed; add "
            f'"{APP}" to INSTALLED_APPS in Django\'s settings.'
        )
