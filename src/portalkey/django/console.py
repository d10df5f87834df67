"""The operator's console in a Django site: closed to everybody whom the site does not name."""

from django.http import Http404, HttpRequest, HttpResponse

from portalkey.django.current import answering
from portalkey.django.options import FindId
from portalkey.django.site import site_of
from portalkey.django.views import is_too_large, read_form, read_request, write_response
from portalkey.web.console.context import Refused, read_operator
from portalkey.web.http import Pairs


def show_console(request: HttpRequest, rest: str = "", app: str = "") -> HttpResponse:
    """Answer below the console's path, which is wherever the site has included it.

    Whom ``console_allow`` does not name meets the site's own 404, whatever the method; without it,
    that is everybody. *app* is the name of the HubSpot app that it is of, where there are several.
    """
    site = site_of(app)
    root, rest = request.path.removesuffix(rest).rstrip("/"), rest.lstrip("/")
    if request.path.rstrip("/") != f"{root}/{rest}".rstrip("/"):
        raise Http404
    path = root.removeprefix(site.broker.settings.mount)
    with answering(request):
        response = site.console(path).answer(
            read_request(request),
            rest,
            lambda: _find_operator(site.options.console_allow, request),
            lambda: _read_form(request),
        )
    if response is None:
        raise Http404
    return write_response(request, response)


def _read_form(request: HttpRequest) -> Pairs:
    if is_too_large(request):
        raise Refused(413, "That was not done", "The form is larger than any of the console's.")
    return read_form(request)


def _find_operator(allow: FindId | None, request: HttpRequest) -> str | None:
    return read_operator(allow(request)) if allow is not None else None
