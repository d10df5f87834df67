"""FastAPI under uvicorn, with an owner that is awaited."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from jinja2 import DictLoader, Environment
from starlette.applications import Starlette
from starlette.middleware.sessions import SessionMiddleware
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.skins.plan import (
    BETWEEN,
    FRONT,
    HOOK,
    LAYOUT,
    LENIENT,
    LOGIN,
    NOT_HERE,
    OPERATOR,
    SMALL,
    Plan,
    Skin,
)
from portalkey.broker import Broker
from portalkey.fastapi import HubSpotAuth, HubSpotConsole, from_hubspot
from portalkey.model.connection import Connection
from support.asgi import uvicorn_serving

PAGE = FRONT.format(
    script="{{ url_for('hubspot_auth.static', filename='connect.js').path }}",
    state="{{ hubspot_connect_state() }}",
    link="{{ hubspot_connect_url(next=front) }}",
    further="{{ hubspot_connect_url(scopes=['tickets']) }}",
)


class FastAPISkin(Skin):
    """An app of FastAPI's."""

    name = "fastapi"

    @contextmanager
    def serve(self, broker: Broker, plan: Plan, port: int) -> Iterator[None]:
        """Serve it from an event loop."""
        app: ASGIApp = make_app(broker, plan)
        if plan.mount:
            app = Starlette(routes=[Mount(plan.mount, app)])
        with uvicorn_serving(app, port):
            yield


class LaysOn:
    """The host's own middleware, with headers for every response."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self.app, self.headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer like the app, with other headers."""
        own = [(name.lower().encode(), each.encode()) for name, each in self.headers.items()]
        names = {name for name, _ in own}

        async def lay_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [each for each in message["headers"] if each[0] not in names]
                message["headers"] = kept + own
            await send(message)

        await self.app(scope, receive, lay_on)


def make_app(broker: Broker, plan: Plan, options: dict[str, Any] | None = None) -> FastAPI:
    """The app; *options* are in place of those of the plan."""
    app = FastAPI(exception_handlers={404: say_not_here})
    pages = {"layout.html": LAYOUT, "front.html": PAGE}
    templates = Jinja2Templates(env=Environment(loader=DictLoader(pages), autoescape=True))
    app.add_middleware(
        SessionMiddleware,
        secret_key="of-the-host",
        same_site=plan.samesite.lower(),  # type: ignore[arg-type]
        path=plan.mount or "/",
    )
    hubspot = HubSpotAuth(app, broker, templates=templates, **(options or options_of(plan)))
    HubSpotConsole(app, broker, allow=find_operator)
    app.add_middleware(LaysOn, headers=dict(plan.lays_on))

    @app.get("/")
    async def front(request: Request) -> Response:
        await hubspot.prepare(request)
        return templates.TemplateResponse(request, "front.html", {"front": f"{plan.mount}/"})

    @app.get("/as/")
    @app.get("/as/{name}")
    def sign_in_as(request: Request, name: str | None = None) -> str:
        request.session["user"] = name
        return "done"

    @app.get("/then/{name}", response_class=HTMLResponse)
    async def show_twice(request: Request, name: str) -> str:
        page = templates.env.get_template("front.html")
        facts = {"request": request, "front": f"{plan.mount}/", "url_for": request.url_for}
        await hubspot.prepare(request)
        before = page.render(facts)
        request.session["user"] = name
        await hubspot.prepare(request)
        return before + BETWEEN + page.render(facts)

    app.add_route("/login", sign_in, methods=["GET", "POST"])
    add_hooks(app, plan)
    return app


def add_hooks(app: FastAPI, plan: Plan) -> None:
    """Add the views for HubSpot."""

    async def hear(request: Request, rest: str = "") -> dict[str, str]:
        return plan.hear(await request.body(), request.state.hubspot_signature.version, rest)

    hook, lenient = from_hubspot(hear), from_hubspot(oldest="v1", most_bytes=SMALL)(hear)
    for path, view in {HOOK: hook, f"{HOOK}/{{rest:path}}": hook, LENIENT: lenient}.items():
        app.add_api_route(path, view, methods=["GET", "POST", "PUT"])


def options_of(plan: Plan) -> dict[str, Any]:
    """The plan in the words of this skin."""

    async def find_owner(request: Request) -> object:
        return plan.names_owner(user_of(request))

    async def may(request: Request, owner: str, connection: Connection) -> bool:
        assert owner == connection.owner == user_of(request)
        return plan.allows

    return {
        "owner": find_owner,
        "login_url": f"{plan.mount}/login" if plan.has_login else None,
        "base_template": "layout.html" if plan.has_layout else None,
        "may_disconnect": may,
        "may_deliver": may,
        **plan.options,
    }


def user_of(request: Request) -> str | None:
    """Who is signed in."""
    user: str | None = request.session.get("user")
    return user


async def find_operator(request: Request) -> str | None:
    """The operator, where it is one."""
    return OPERATOR if user_of(request) == OPERATOR else None


async def say_not_here(request: Request, _: Exception) -> Response:
    """The app's own words for what it has not."""
    return PlainTextResponse(NOT_HERE, 404)


async def sign_in(request: Request) -> Response:
    """The form, or where it leads to."""
    if request.method == "GET":
        return Response(LOGIN, media_type="text/html")
    fields = parse_qs((await request.body()).decode())
    request.session["user"] = fields["name"][0]
    return RedirectResponse(request.query_params["next"], 303)
