"""A Django site over a database, with no file of its own."""

import json
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import django
from django.conf import settings
from django.core.management import call_command
from psycopg.conninfo import conninfo_to_dict


def people_of_site(apps: Sequence[str]) -> list[dict[str, Any]]:
    """Set the site up over the URL of the command line, and read its people from stdin."""
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *apps],
        DATABASES={"default": _database(sys.argv[1])},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
        SOCIALACCOUNT_STORE_TOKENS=True,
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0)
    people: list[dict[str, Any]] = json.load(sys.stdin)
    return people


def _database(url: str) -> dict[str, Any]:
    if url.startswith("sqlite:///"):
        path = unquote(url.removeprefix("sqlite:///"))
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": path}
    named = {"user": "postgres"} | conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": named["dbname"],
        "USER": named["user"],
        "HOST": named["host"],
        "PORT": named.get("port", ""),
    }
