"""Functions for the app's own templates and views: the link, and what is connected."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from jinja2 import Environment, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.templating import Jinja2Templates

from portalkey.fastapi.calls import AwaitedTooLate, current_request, run_in_thread
from portalkey.fastapi.session import read_session
from portalkey.fastapi.site import Site
from portalkey.model.authorization import Visitor
from portalkey.web.app_names import with_name
from portalkey.web.host import BROWSER_KEY, browser_key
from portalkey.web.host_layout import HostTemplates
from portalkey.web.host_page import HostPage
from portalkey.web.rendering import with_ours

_PAGE = "portalkey.page"
_PREPARED = "portalkey.prepared"


async def prepare(request: Request, name: str = "") -> HostPage:
    """Look up what the page of this *request* needs of the HubSpot app *name*, and keep it there.

    Who is signed in is asked each time, as the view may have signed somebody in or out meanwhile.
    """
    page = await run_in_thread(request, lambda: _look_up(request, name))
    request.scope[with_name(_PREPARED, name)] = _copy_session(request, name)
    return page


def _copy_session(request: Request, name: str) -> dict[str, Any]:
    """Return what the session holds, but for the values of other HubSpot apps than *name*."""
    own = browser_key(name)
    return {
        key: value
        for key, value in read_session(request).items()
        if key == own or not str(key).startswith(BROWSER_KEY)
    }


async def find_url(
    request: Request,
    next_url: str | None,
    hub_id: int | None,
    *,
    another: bool = False,
    scopes: Iterable[str] = (),
    name: str = "",
) -> str:
    """Return the link into the journey; see ``HubSpotAuth.connect_url``."""
    page = await prepare(request, name)
    return page.connect_url(next_url, hub_id, another=another, scopes=scopes)


async def find_state(request: Request, name: str = "") -> Markup:
    """Return the element's attributes; see ``HubSpotAuth.connect_state``."""
    return (await prepare(request, name)).connect_state


@pass_context
def hubspot_connect_url(
    context: Context,
    next: str | None = None,  # noqa: A002 - the parameter's name in the address
    hub_id: int | None = None,
    *,
    another: bool = False,
    scopes: Iterable[str] = (),
    name: str = "",
) -> str:
    """Return the link into the journey, for templates; see ``HubSpotAuth.connect_url``."""
    page = _page_of(context, name)
    return page.connect_url(next, hub_id, another=another, scopes=scopes)


@pass_context
def hubspot_connect_state(context: Context, name: str = "") -> Markup:
    """Return the element's attributes, for templates; see ``HubSpotAuth.connect_state``."""
    return _page_of(context, name).connect_state


def add_functions(templates: Jinja2Templates) -> None:
    """Give the app's *templates* the two functions."""
    templates.env.globals["hubspot_connect_url"] = hubspot_connect_url
    templates.env.globals["hubspot_connect_state"] = hubspot_connect_state


def host_templates(templates: Jinja2Templates) -> HostTemplates:
    """Return what renders our page as the app renders its own: with the request, and the same
    context processors.
    """

    def find_environment() -> Environment:
        return with_ours(templates.env)

    def render(template: Template, context: Mapping[str, Any]) -> str:
        request = current_request()
        shared: dict[str, Any] = {"request": request}
        for each in templates.context_processors:
            shared.update(each(request))
        return template.render({**shared, **context})

    return HostTemplates(find_environment, render)


def _page_of(context: Context, name: str) -> HostPage:
    """Return the page that was prepared; another where somebody else may be signed in by now."""
    request: Request = context["request"]
    session: Mapping[str, Any] | None = request.scope.get(with_name(_PREPARED, name))
    if session is not None and session == _copy_session(request, name):
        page: HostPage = request.scope[with_name(_PAGE, name)]
        return page
    try:
        return _look_up(request, name)
    except AwaitedTooLate:
        if session is None:
            raise
        return _keep(request, request.scope[with_name(_PAGE, name)], browser_key(name))


def _keep(request: Request, page: HostPage, key: str) -> HostPage:
    """Return the *page* where the session is still its visitor's, as far as it tells; or nobody's.

    A link of nobody's works for whoever follows it, and asks them first.
    """
    if read_session(request).get(key) == page.visitor.browser:
        return page
    return replace(page, visitor=Visitor(None), connect_state=Markup())


def _look_up(request: Request, name: str) -> HostPage:
    """Return what the page shows whoever is signed in now; the store is asked once for each."""
    site, key = Site.of(request, name), with_name(_PAGE, name)
    visitor, _ = site.identify(request)
    page: HostPage | None = request.scope.get(key)
    if page is None or page.visitor != visitor:
        page = request.scope[key] = site.router.look_up(visitor)
    return page
