"""A Django site on which people sign in with HubSpot, once by each of two libraries."""

from typing import Any

import django
from django.conf import settings

MIGRATED = ("auth", "contenttypes", "sessions", "account", "socialaccount", "social_django")


def set_up(database: str, client_id: str, client_secret: str) -> None:
    """Configure the site, as the libraries' documentation does, and make its tables."""
    settings.configure(
        SECRET_KEY="for tests",
        ALLOWED_HOSTS=["localhost"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        ROOT_URLCONF="interop.django_urls",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        MIGRATION_MODULES=dict.fromkeys(MIGRATED),  # tables are made at once, as they are today
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
            "allauth",
            "allauth.account",
            "allauth.socialaccount",
            "interop.django_hubspot",  # in place of "allauth.socialaccount.providers.hubspot"
            "social_django",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        AUTHENTICATION_BACKENDS=[
            "allauth.account.auth_backends.AuthenticationBackend",
            "interop.django_hubspot.backend.Backend",  # social_core.backends.hubspot.HubSpotOAuth2
        ],
        SOCIAL_AUTH_HUBSPOT_KEY=client_id,
        SOCIAL_AUTH_HUBSPOT_SECRET=client_secret,
        SOCIAL_AUTH_HUBSPOT_SCOPE=["crm.objects.contacts.read"],
        SOCIALACCOUNT_STORE_TOKENS=True,
        SOCIALACCOUNT_PROVIDERS=_providers(client_id, client_secret),
    )
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - needs the settings

    call_command("migrate", run_syncdb=True, verbosity=0)


def _providers(client_id: str, client_secret: str) -> dict[str, Any]:
    app = {"client_id": client_id, "secret": client_secret, "key": ""}
    return {"hubspot": {"APPS": [app], "SCOPE": ["oauth", "crm.objects.contacts.read"]}}
