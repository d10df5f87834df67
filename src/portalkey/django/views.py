"""Our routes as Django's views: its requests in, the router's responses out.

A skin translates and nothing more; every decision is made in ``web/``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import path

from portalkey.django.current import answering
from portalkey.django.exemption import exempt
from portalkey.django.session_cookie import is_session_foreign
from portalkey.django.site import site_of
from portalkey.django.visitors import Visitors
from portalkey.settings.surroundings import Arrival
from portalkey.web.host import HEADERS_KEY, is_poll, is_session_withheld, try_to_identify
from portalkey.web.http import MOST_FORM_BYTES, Pairs, WebRequest, WebResponse
from portalkey.web.routes import Route
from portalkey.web.static_files import STATIC_PATH, answer_static

View = Callable[..., HttpResponse]


def make_patterns(routes: Iterable[Route], app: str = "") -> list[Any]:
    """Return Django's patterns of the *routes* of a HubSpot *app*, those of one path as one."""
    methods: dict[str, dict[str, str]] = {}
    for route in routes:
        methods.setdefault(route.path, {})[route.method] = route.name
    return [*_static_patterns(), *(_make_pattern(*each, app) for each in methods.items())]


def _static_patterns() -> list[Any]:
    place = STATIC_PATH.lstrip("/")
    paths = (f"{place}/v-<version>/<path:filename>", f"{place}/<path:filename>")
    return [path(each, exempt(_serve_static), name="static") for each in paths]


def _make_pattern(where: str, names: Mapping[str, str], app: str) -> Any:  # noqa: ANN401 - Django has no types
    pattern = where.lstrip("/").replace("{", "<").replace("}", ">")
    return path(pattern, exempt(_make_view(where, names, app)), name=next(iter(names.values())))


def _make_view(where: str, names: Mapping[str, str], app: str) -> View:
    def answer(request: HttpRequest, **arguments: str) -> HttpResponse:
        name = names.get("GET" if request.method == "HEAD" else request.method)
        if name is None:
            return HttpResponseNotAllowed([*names, *(["HEAD"] if "GET" in names else [])])
        if is_too_large(request):
            return HttpResponse(status=413)
        root = request.path.removesuffix(where.format(**arguments))
        site = site_of(app)
        with answering(request):
            response = site.router.answer(
                name, lambda: _read_visit(name, site.visitors, request, arguments, root)
            )
        return write_response(request, response)

    return answer


def _serve_static(request: HttpRequest, filename: str, version: str | None = None) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    accepted, known = map(request.headers.get, ("Accept-Encoding", "If-None-Match"))
    response = answer_static(filename, version, accepted, known)
    if response is None:
        raise Http404
    return write_response(request, response)


def is_too_large(request: HttpRequest) -> bool:
    """Return True for a form that is larger than any of ours."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return not length.isdecimal() or int(length) > MOST_FORM_BYTES


def read_request(request: HttpRequest) -> WebRequest:
    """Return *request* as any of our pages reads it, without its form."""
    return WebRequest(
        method=request.method,
        query=_read_pairs(request.GET),
        cookies=request.COOKIES,
        headers={name.lower(): value for name, value in request.headers.items()},
        peer=request.META.get("REMOTE_ADDR"),
    )


def read_form(request: HttpRequest) -> Pairs:
    """Return the form of *request*; one whose length nobody says might be without end."""
    has_form = request.method == "POST" and request.META.get("CONTENT_LENGTH")
    return _read_pairs(request.POST) if has_form else ()


def _read_pairs(values: Any) -> Pairs:  # noqa: ANN401 - Django has no types
    return tuple((name, value) for name, each in values.lists() for value in each)


def _read_visit(
    route: str, visitors: Visitors, request: HttpRequest, arguments: Mapping[str, str], root: str
) -> WebRequest:
    """Return the request, and what is known of who sent it."""
    is_new = visitors.is_new(request)
    looks = is_poll(route, request.GET)
    visitor, trouble = try_to_identify(lambda: visitors.identify(request, is_poll=looks))
    name, samesite = settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SAMESITE
    return replace(
        read_request(request),
        form=read_form(request),
        visitor=visitor,
        arguments=arguments,
        is_session_withheld=is_session_withheld(request.COOKIES, cookie=name, samesite=samesite),
        is_debug=settings.DEBUG,
        arrival=Arrival(
            root=root,
            session_name=name,
            session_path=settings.SESSION_COOKIE_PATH,
            is_session_foreign=is_new and is_session_foreign(request),
            trouble=trouble,
        ),
    )


def write_response(request: HttpRequest, response: WebResponse) -> HttpResponse:
    """Return *response* as Django has it; its headers are laid on again after all middleware."""
    request.META[HEADERS_KEY] = response.headers
    body = response.body.encode() if isinstance(response.body, str) else response.body
    written = HttpResponse(body, status=response.status, headers=dict(response.headers))
    for cookie in response.cookies:
        written.set_cookie(cookie.name, cookie.value, **cookie.attributes)
    return written
