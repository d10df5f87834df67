"""Urls of a site that has the console at a path without a slash at its end."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def answer(request: HttpRequest) -> HttpResponse:
    """A page of the site's own."""
    return HttpResponse(f"own {request.path}")


urlpatterns = [
    path("console", include("portalkey.django.console_urls")),
    path("consoles", answer),
    path("console/reports", answer),
    path("console-keys", answer),
]
