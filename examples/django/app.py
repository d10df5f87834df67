"""A whole small Django site whose visitors can connect their HubSpot account.

``python app.py runserver 6001``; a site of yours has these parts in files of their own.
"""

import os
import secrets
import sys
from pathlib import Path

import httpx2
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import include, path

from portalkey import PersonMustAct
from portalkey.adapters.httpx2 import HttpxAuth
from portalkey.django import broker

HERE = Path(__file__).parent
KEY = os.environ.setdefault("EXAMPLE_SECRET_KEY", secrets.token_hex())  # yours stays the same


def find_visitor(request: HttpRequest) -> str | None:
    """Every visitor is a user here, as there is no sign-in; with users, leave this out."""
    return request.session.get("user")


settings.configure(
    ALLOWED_HOSTS=["localhost"],
    INSTALLED_APPS=["django.contrib.sessions", "portalkey.django"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    PORTALKEY={"owner": find_visitor},
    ROOT_URLCONF=__name__,
    SECRET_KEY=KEY,
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [HERE / "templates"],
        }
    ],
    USE_TZ=True,
)


def home(request: HttpRequest) -> HttpResponse:
    """The page with the link."""
    user = request.session.setdefault("user", secrets.token_hex(8))
    return render(request, "home.html", {"connections": broker.connections(user)})


def account(request: HttpRequest, hub_id: int) -> HttpResponse:
    """What HubSpot says about the account, asked with a token that is always valid."""
    auth = HttpxAuth(broker, request.session.get("user", "nobody"), hub_id)
    url = f"{broker.settings.api_url}/account-info/2026-09/details"
    try:
        return JsonResponse(httpx2.get(url, auth=auth).raise_for_status().json())
    except PersonMustAct:  # for one, the app was removed at HubSpot
        return redirect("/connections/setup")


urlpatterns = [
    path("", home),
    path("account/<int:hub_id>", account),
    path("", include("portalkey.django.urls")),
]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
