"""Middleware: our responses' headers have the last word over those of the host's middleware.

Django's own ``SecurityMiddleware`` lays a ``Cross-Origin-Opener-Policy: same-origin`` on whatever
has none, an error page included, and that would cut the popup off from its opener. So it would on
a page of the site's own with our link: there the middle way of the three takes its place.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from portalkey.django.hints import process_exception
from portalkey.web import headers
from portalkey.web.cookie_headers import join_cookies

PATH = f"{__name__}.header_middleware"

_OPENER_POLICY = "Cross-Origin-Opener-Policy"

Respond = Callable[[HttpRequest], Any]


def put_in_place() -> None:
    """Put our middleware before all others, where none can change what it has laid on.

    ``INSTALLED_APPS`` alone brings it; where ``MIDDLEWARE`` names it as well, its place there is
    of no matter.
    """
    others = [each for each in settings.MIDDLEWARE if each != PATH]
    if settings.MIDDLEWARE[:1] != [PATH]:
        settings.MIDDLEWARE = [PATH, *others]


def header_middleware(get_response: Respond) -> Respond:
    """Return the outermost middleware, and say now what the app could not run with.

    Raises:
        BadSettings, StoreUnusable: As where a broker is made.
    """
    # Imported here: with it come the settings, the store and the wire.
    from portalkey.django.site import start_all  # noqa: PLC0415 - see above

    start_all()
    if iscoroutinefunction(get_response):
        return _make_async(get_response)

    def respond(request: HttpRequest) -> HttpResponseBase:
        _join_cookies(request)
        return _lay_on(request, get_response(request))

    return _with_hints(respond)


sync_and_async_middleware(header_middleware)


def _make_async(get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> Respond:
    async def respond(request: HttpRequest) -> HttpResponseBase:
        _join_cookies(request)
        return _lay_on(request, await get_response(request))

    return _with_hints(respond)


def _with_hints(respond: Respond) -> Respond:
    """Let *respond* hear of what views raise, as Django asks a middleware's attribute."""
    setattr(respond, process_exception.__name__, process_exception)
    return respond


def _join_cookies(request: HttpRequest) -> None:
    """Join cookies that came one by one over HTTP/2, which Django under ASGI does by a comma."""
    scope = getattr(request, "scope", {})
    for name, value in join_cookies(scope.get("headers", ())):
        if name.lower() == b"cookie":
            request.META["HTTP_COOKIE"] = value.decode("latin-1")


def _lay_on(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return *response* with our headers in place of others of the same names."""
    # Imported here: by now it is there, as the pages are.
    from portalkey.web.host import HEADERS_KEY, may_be_cached  # noqa: PLC0415 - see above

    ours = request.META.get(HEADERS_KEY) or _find_headers(request)
    if not ours:
        return _let_popup_speak(request, response)
    if may_be_cached(ours):
        response.cookies.clear()  # the session's, which a cache might hand to the next one
    for name, value in ours.items():
        response[name] = value
    return response


def _let_popup_speak(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return *response*; where its page has our link, it goes on seeing the popup that it opens.

    Whoever opened the page stays cut off from it, as with Django's own ``same-origin``. A page that
    is isolated on purpose, by a ``Cross-Origin-Embedder-Policy``, is left alone.
    """
    from portalkey.django.links import LINK_KEY  # noqa: PLC0415 - as above

    is_isolated = "Cross-Origin-Embedder-Policy" in response
    has_link = LINK_KEY in request.META and not is_isolated
    if has_link and response.get(_OPENER_POLICY) == "same-origin":
        response[_OPENER_POLICY] = "same-origin-allow-popups"
    return response


def _find_headers(request: HttpRequest) -> Mapping[str, str]:
    """Return the headers of our paths, below the mount of any HubSpot app.

    A mount may be a prefix of the server's or of urls.
    """
    from portalkey.django.site import all_sites  # noqa: PLC0415 - as above

    mounts = [str(each.broker.settings.mount) for each in all_sites()]
    paths = [
        request.path.removeprefix(mount) if mount else str(request.path_info) for mount in mounts
    ]
    return next(filter(None, map(headers.of_path, paths)), {})
