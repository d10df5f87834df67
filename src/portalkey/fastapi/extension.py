"""The extension that a host's module imports, as yet without an app.

Everything else is loaded as it meets its app, so that importing this costs next to nothing.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from portalkey.errors import LibraryUnusable
from portalkey.web.app_names import require_name

if TYPE_CHECKING:
    from markupsafe import Markup
    from starlette.templating import Jinja2Templates

    from portalkey.broker.broker import Broker
    from portalkey.model.connection import Connection
    from portalkey.sentences import Words

# Here for the whole package: the package loads this module first.
try:
    from starlette.applications import Starlette
    from starlette.requests import Request
except ImportError as missing:
    raise LibraryUnusable(
        "HubSpotAuth needs Starlette; run: pip install 'portalkey[fastapi]'"
    ) from missing

Owner = Callable[[Request], str | Awaitable[str | None] | None]
"""The id of whoever sent this request, or None; at once, or to be awaited on the event loop."""
OwnerName = Callable[[Request, str], str | Awaitable[str]]
LoginUrl = str | Callable[[Request, str], str | Awaitable[str]]
Language = str | Callable[[Request], str | Awaitable[str | None] | None]
May = Callable[[Request, str, "Connection"], bool | Awaitable[bool]]


class HubSpotAuth:
    """HubSpot connections for a FastAPI or Starlette app.

    Adds ``/auth/hubspot/*``, ``/api/hubspot/*`` and ``/connections/setup``, ahead of the app's own
    routes and out of its OpenAPI document, and to *templates* ``hubspot_connect_url(next=None,
    hub_id=None, another=False, scopes=())`` and ``hubspot_connect_state()``. The app has to have
    sessions, such as those of Starlette's ``SessionMiddleware``, which may be added before or after
    this. The broker is closed at the end of the app's lifespan.

    The functions below are called with the request. Plain ones are called on a thread, where they
    may wait; what they return to be awaited, as ``async`` functions do, is awaited on the app's
    event loop.

    Args:
        app: The app, or None to call ``init_app`` later.
        broker: The broker, or None to give it to ``init_app``.
        owner: Called in each request: the id of whoever is signed in, a non-empty string, or None.
            It decides whose connections a visitor sees.
        person: Called in each request that has an owner: the id of whoever is signed in, where the
            owner is a team. Without it, two members who share one browser's session cannot be told
            apart, and one can finish what the other began.
        owner_name: Called with request and owner: what people call them, for the pages; the id by
            default.
        login_url: Where a signed-out visitor is sent, with ``?next=`` for the path to lead back to;
            or a function that is called with request and path, and returns the address. Without it,
            a page says so (401).
        setup_page: False leaves out ``/connections/setup`` for an app with a page of its own.
        strings: Texts of the pages that differ from ours, by language and key.
        language: The language of pages where nobody asks for another: a BCP 47 tag such as ``de``,
            or what returns one for a request. Without it, what the visitor's browser asks for.
        templates: The app's templates. Theirs named ``portalkey/...`` come before ours, and they
            get the two functions.
        base_template: The template of the app's own layout, one of *templates*, that the setup page
            extends; it gives the blocks ``title``, ``head`` and ``content``.
        deliver: ``"access_token"`` lets the page that opened the popup fetch the access token
            once; any script on that page can then read and use it. By default no token ever
            reaches a browser.
        allow_debug: True delivers tokens in a debugged app that other machines reach, too: its
            error pages show source and memory to whoever meets an error.
        may_disconnect: Called with request, owner and one of their connections: False where whoever
            is signed in may not disconnect it, as where the owner is a team and only some of its
            members may. By default everybody may who stands for the owner.
        may_deliver: Called likewise before a token is delivered to a page: False where whoever is
            signed in has to confirm that first, by a password or a second factor.
        name: Where the app serves several HubSpot apps, the name of this one, such as ``"eu"``:
            its routes are below ``/eu``, and their names begin with ``hubspot_auth_eu``.

    Raises:
        TypeError: *owner* is missing.
        ValueError: *name* cannot be one, *deliver* is something else, *strings* has what is not
            known, or *base_template* is named without *templates*.
    """

    def __init__(
        self,
        app: Starlette | None = None,
        broker: "Broker | None" = None,
        *,
        owner: Owner,
        person: Owner | None = None,
        owner_name: OwnerName | None = None,
        login_url: LoginUrl | None = None,
        setup_page: bool = True,
        strings: "Mapping[str, Words] | None" = None,
        language: Language | None = None,
        templates: "Jinja2Templates | None" = None,
        base_template: str | None = None,
        deliver: Literal["access_token"] | None = None,
        allow_debug: bool = False,
        may_disconnect: May | None = None,
        may_deliver: May | None = None,
        name: str = "",
    ) -> None:
        from portalkey.fastapi.calls import bind, bind_text  # noqa: PLC0415 - threads and loops
        from portalkey.web.options import make_options  # noqa: PLC0415 - all texts of ours

        _require_usable(owner, base_template, templates)
        self.name = require_name(name)
        self.owner, self.person, self.templates = owner, person, templates
        self.options = make_options(
            strings,
            bind_text(language),
            owner_name=bind(owner_name) or str,
            login_url=bind_text(login_url),
            setup_page=setup_page,
            base_template=base_template,
            deliver=deliver,
            allow_debug=allow_debug,
            may_disconnect=bind(may_disconnect),
            may_deliver=bind(may_deliver),
        )
        if app is not None:
            self.init_app(app, broker)

    def init_app(self, app: Starlette, broker: "Broker | None" = None) -> None:
        """Register with *app*; without a *broker*, one is made from the environment.

        Raises:
            BadSettings, StoreUnusable: The broker cannot be made from the environment, or its
                redirect URI is not that of this HubSpot app.
            RuntimeError: The app has answered already.
            ValueError: *app* has a HubSpot app of this name already.
        """
        # Imported here: with it come the settings, the store and the wire.
        from portalkey.fastapi.register import register  # noqa: PLC0415 - see above

        register(self, app, broker)

    async def prepare(self, request: Request) -> None:
        """Look up who is signed in, and what is connected, for the template of this *request*.

        An ``async`` view renders its template on the event loop, where nothing may wait for the
        store and no ``async`` owner can be asked: there this is awaited first, or stands among the
        view's dependencies, as ``Depends(hubspot.prepare)``. A plain view needs nothing of it. A
        view that signs somebody in or out, and renders the template itself, awaits it after that.

        Raises:
            OwnerUnusable, SessionUnusable: The app has to be changed.
            StoreBusy, StoreUnusable: The store cannot be asked.
        """
        from portalkey.fastapi.pages import prepare  # noqa: PLC0415 - see above

        await prepare(request, self.name)

    async def connect_url(
        self,
        request: Request,
        next: str | None = None,  # noqa: A002 - the parameter's name in the address
        hub_id: int | None = None,
        *,
        another: bool = False,
        scopes: Iterable[str] = (),
    ) -> str:
        """Return the link into the journey for whoever sent *request*, for a view.

        Args:
            request: The request.
            next: The own path to lead back to where no popup is used; the setup page by default.
                Never pass on a visitor's query parameter.
            hub_id: The account that has to come back, to reconnect just that one.
            another: The link says "Connect another account": nothing is asked of one that is new.
            scopes: Scopes to ask for beyond the settings', such as ``ScopesMissing.scopes``. They
                are signed with the link, and asked for again whenever this account is reconnected.

        Raises:
            ValueError: *next* is not a path on this site, or *scopes* are none of HubSpot's.
        """
        from portalkey.fastapi.pages import find_url  # noqa: PLC0415 - see above

        return await find_url(request, next, hub_id, another=another, scopes=scopes, name=self.name)

    async def connect_state(self, request: Request) -> "Markup":
        """Return ``data-state`` and ``data-account`` for the element: what is connected.

        Nothing where nothing is, or nobody is signed in.
        """
        from portalkey.fastapi.pages import find_state  # noqa: PLC0415 - see above

        return await find_state(request, self.name)


def _require_usable(
    owner: object, base_template: str | None, templates: "Jinja2Templates | None"
) -> None:
    """Raise where the app's decisions cannot be what is meant."""
    if not callable(owner):
        raise TypeError("owner is needed: what returns the id of whoever is signed in")
    if base_template is not None and templates is None:
        raise ValueError("base_template is one of the app's templates: give templates, too")
