"""Addresses of the matrix's Django site."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from portalkey.web.host import BROWSER_KEY


def sign_in(request: HttpRequest, owner: str, person: str) -> HttpResponse:
    """Sign in, in whichever session there is."""
    request.session.update({"owner": owner, "person": person})
    return HttpResponse("in")


def show(request: HttpRequest) -> HttpResponse:
    """The value that tells this session apart."""
    return HttpResponse(request.session[BROWSER_KEY])


def put(request: HttpRequest, value: str) -> HttpResponse:
    """Another value in its place."""
    request.session[BROWSER_KEY] = value
    return HttpResponse("put")


urlpatterns = [
    path("login/<owner>/<person>", sign_in),
    path("value", show),
    path("value/<value>", put),
    path("", include("portalkey.django.urls")),
]
