"""Addresses of the Django site."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from contract.skins.django_skin import plans
from contract.skins.plan import BETWEEN, HOOK, LENIENT, LOGIN, NOT_HERE, SMALL
from portalkey.django import from_hubspot


def front(request: HttpRequest) -> HttpResponse:
    """The page with the link, which leads back to itself."""
    return render(request, "front.html", {"front": request.path})


def sign_out(request: HttpRequest) -> HttpResponse:
    """Nobody is signed in."""
    request.session.flush()
    return HttpResponse("out")


def sign_in_as(request: HttpRequest, name: str) -> HttpResponse:
    """Somebody is."""
    request.session["user"] = name
    return HttpResponse("in")


def show_twice(request: HttpRequest, name: str) -> HttpResponse:
    """The page of one, and of the next."""
    before, request.session["user"] = render_front(request), name
    return HttpResponse(before + BETWEEN + render_front(request))


def render_front(request: HttpRequest) -> str:
    """The page with the link."""
    return str(render_to_string("front.html", {"front": "/"}, request))


@csrf_exempt
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form, or where it leads to."""
    if request.method == "GET":
        return HttpResponse(LOGIN)
    request.session["user"] = request.POST["name"]
    return HttpResponseRedirect(request.GET["next"])


def hear(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Hear HubSpot."""
    version = request.hubspot_signature.version
    return JsonResponse(plans[0].hear(request.body, version, rest))


def say_not_here(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The site's own words for what it has not."""
    return HttpResponse(NOT_HERE, status=404)


handler404 = say_not_here
urlpatterns = [
    path("", front),
    path("as/", sign_out),
    path("as/<name>", sign_in_as),
    path("then/<name>", show_twice),
    path("login", sign_in),
    path("console", include("portalkey.django.console_urls")),
    path(HOOK[1:], from_hubspot(hear)),
    path(f"{HOOK[1:]}/<path:rest>", from_hubspot(hear)),
    path(LENIENT[1:], from_hubspot(oldest="v1", most_bytes=SMALL)(hear)),
    path("", include("portalkey.django.urls")),
]
