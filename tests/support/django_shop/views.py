"""Pages of the site: one with the link, a sign-in that comes back, and uses of a token."""

import httpx2
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import login, logout
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt

from portalkey.django import broker
from portalkey.errors import PersonMustAct
from support.django_shop.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"


def home(request: HttpRequest) -> HttpResponse:
    """The page with the link."""
    return render(request, "home.html")


@csrf_exempt
def sign_in(request: HttpRequest) -> HttpResponse:
    """A form with an address, which leads back to where somebody came from."""
    if request.method != "POST":
        return render(request, "sign_in.html")
    login(request, User.objects.of(request.POST["email"]), BACKEND)
    way_back = request.GET.get("next", "/")
    is_ours = url_has_allowed_host_and_scheme(way_back, {request.get_host()})
    return HttpResponseRedirect(way_back if is_ours else "/")


def login_as(request: HttpRequest, name: str) -> HttpResponse:
    """Sign *name* in without a question."""
    user = User.objects.of(f"{name}@shop.example")
    login(request, user, BACKEND)
    return HttpResponse(str(user.pk))


def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out as Django does it."""
    logout(request)
    return HttpResponse("out")


def account(request: HttpRequest, hub_id: int) -> HttpResponse:
    """What HubSpot says about the account."""
    try:
        access = broker.access_token(str(request.user.pk), hub_id)
    except PersonMustAct as error:
        return HttpResponse(error.for_person(), status=409)
    url = f"{broker.settings.api_url}/account-info/2026-09/details"
    return JsonResponse(httpx2.get(url, headers={"Authorization": f"Bearer {access}"}).json())


@non_atomic_requests
async def token(request: HttpRequest) -> HttpResponse:
    """The length of a token, asked for on the event loop."""
    user = await sync_to_async(lambda: request.user.pk)()
    access = await broker.access_token_async(str(user))
    return JsonResponse({"length": len(access), "debug": settings.DEBUG})
