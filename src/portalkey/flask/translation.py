"""Parts that both blueprints share: responses written out, and a host's own check kept off."""

from collections.abc import Callable

from flask import Response, current_app

from portalkey.web.http import WebResponse


def write_response(response: WebResponse) -> Response:
    """Return *response* as Flask has it."""
    written = Response(response.body, status=response.status, headers=dict(response.headers))
    for cookie in response.cookies:
        written.set_cookie(cookie.name, cookie.value, **cookie.attributes)
    return written


def exempt_from_flask_wtf(blueprint: str) -> Callable[[], None]:
    """Return what lets a host's CSRF extension leave our POSTs to us, with a token of their own.

    The host may set it up before or after us, so that runs before each request.
    """

    def exempt() -> None:
        protection = current_app.extensions.get("csrf")
        if protection is not None:
            protection.exempt(current_app.blueprints[blueprint])

    return exempt
