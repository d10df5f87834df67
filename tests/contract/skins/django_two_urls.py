"""Addresses of the Django site that serves two HubSpot apps."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from portalkey.django import from_hubspot
from portalkey.django.urls import make_urls


def front(request: HttpRequest) -> HttpResponse:
    """The page with both links."""
    return render(request, "two.html")


def sign_in_as(request: HttpRequest, name: str) -> HttpResponse:
    """Somebody is signed in."""
    request.session["user"] = name
    return HttpResponse("in")


def hear(request: HttpRequest) -> HttpResponse:
    """HubSpot's request was let in."""
    return HttpResponse("heard")


urlpatterns = [
    path("", front),
    path("as/<name>", sign_in_as),
    path("heard-by-first", from_hubspot(hear)),
    path("heard-by-eu", from_hubspot(name="eu")(hear)),
    path("console", include("portalkey.django.console_urls")),
    path("eu/console", include("portalkey.django.console_urls"), {"app": "eu"}),
    # What portalkey.django.urls has, made while the settings name both.
    path("", include((list(make_urls()), "portalkey"))),
]
