"""A policy for every page that has none, as sites without inline scripts lay it on."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = "default-src 'self'; frame-ancestors 'none'; form-action 'self'"


class PolicyMiddleware:
    """Adds the policy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer like the site."""
        response = self.get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response
