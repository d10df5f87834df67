"""Urls of a site that hears HubSpot, with ours below a path of the site's."""

import json

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views import View

from portalkey.django import from_hubspot


@from_hubspot
def hear(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Say what came, and whether the site's transaction is open."""
    again = request.read()
    return JsonResponse(
        {
            "version": request.hubspot_signature.version,
            "read": [len(request.body), len(again)],
            "is_atomic": connection.in_atomic_block,
        }
    )


async def hear_on_loop(request: HttpRequest) -> HttpResponse:
    """Say the version."""
    return JsonResponse(request.hubspot_signature.version, safe=False)


class Hook(View):  # type: ignore[misc]  # Django has no types
    """A view by methods."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Say how many there are."""
        return JsonResponse(len(json.loads(request.body)), safe=False)


class AsyncHook(View):  # type: ignore[misc]  # as above
    """The same on an event loop."""

    async def post(self, request: HttpRequest) -> HttpResponse:
        """Say how many there are."""
        return JsonResponse(len(json.loads(request.body)), safe=False)


def unprotected(request: HttpRequest) -> HttpResponse:
    """Any other view of the site's."""
    return HttpResponse(request.method)


urlpatterns = [
    path("hook", hear),
    path("hook/<path:rest>", hear),
    path("crm/hook", hear),
    path("loop", from_hubspot(hear_on_loop)),
    path("class", from_hubspot(Hook.as_view())),
    path("async-class", from_hubspot(AsyncHook.as_view())),
    path("small", from_hubspot(most_bytes=100)(Hook.as_view())),
    path("form", unprotected),
    path("crm/", include("portalkey.django.urls")),
]
