"""The site's settings; tests name what differs by variables, as JSON."""

import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("SHOP_FOLDER", "."))

SECRET_KEY = "the same in every process"
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
ROOT_URLCONF = "support.django_shop.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "portalkey.django",
    "support.django_shop",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "site.db",
        "ATOMIC_REQUESTS": True,
    }
}
AUTH_USER_MODEL = "django_shop.User"
LOGIN_URL = "sign-in"
USE_TZ = True
STATIC_URL = "/static/"
MIGRATION_MODULES = dict.fromkeys(("auth", "contenttypes", "sessions", "django_shop"))
SESSION_ENGINE = "django.contrib.sessions.backends.db"
PORTALKEY: dict[str, Any] = json.loads(os.environ.get("SHOP_PORTALKEY", "{}"))

globals().update(json.loads(os.environ.get("SHOP_SETTINGS", "{}")))
