"""Headers of ours that an ASGI host lays its own over."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portalkey.broker import Broker
from portalkey.fastapi import HubSpotAuth, HubSpotConsole
from portalkey.web.host import AsgiHeaderMiddleware, path_in_app
from support.hosting_asgi import add_sessions, client_of, user_of
from support.loops import run

SITE_WIDE = {
    b"cross-origin-opener-policy": b"same-origin",
    b"content-security-policy": b"default-src 'none'; script-src 'none'",
    b"cache-control": b"public, max-age=600",
    b"x-frame-options": b"ALLOWALL",
}
POLICY = "cross-origin-opener-policy"


class LaysOn:
    """The host's own middleware; it copies the scope, as some do."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer like the app, with the site's headers."""

        async def lay_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *SITE_WIDE.items()]
            await send(message)

        await self.app(dict(scope), receive, lay_on)


def crash(_: Request) -> str:
    """An owner that fails."""
    raise LookupError("of the app")


def make_app(broker: Broker, owner: Any = user_of, *, is_last: bool = True) -> FastAPI:
    """A host that lays headers on every response, by a middleware added before us or after."""
    app = FastAPI()
    if not is_last:
        app.add_middleware(LaysOn)
    add_sessions(app)
    HubSpotAuth(app, broker, owner=owner)
    HubSpotConsole(app, broker, allow=lambda _: "grace")
    if is_last:
        app.add_middleware(LaysOn)
    app.add_api_route("/own", lambda: "own")
    return app


CHAIN = ["start", "callback?code=x", "done?attempt=x", "complete?attempt=x", "nothing-here"]


@pytest.mark.parametrize("is_last", [True, False])
@pytest.mark.parametrize("page", CHAIN)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE"])
def test_the_chain_keeps_its_headers(
    broker: Broker,
    page: str,
    method: str,
    is_last: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """Pages, redirects, refusals, 404 and 405 alike, in whichever order things are added."""
    client = client_of(make_app(broker, is_last=is_last), broker)
    answer = client.request(method, f"/auth/hubspot/{page}")

    assert answer.headers.get_list(POLICY) == ["unsafe-none"]
    assert answer.headers.get_list("cache-control") == ["no-store"]
    assert answer.headers.get_list("x-frame-options") == ["DENY"]
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_each_page_keeps_its_own(broker: Broker) -> None:
    """Setup, console, scripts, JSON, and a crash of the app's; the app's own pages are its own."""
    client = client_of(make_app(broker, lambda _: "ada"), broker)
    answers = {
        path: client.get(path).headers.get_list(POLICY)
        for path in ("/connections/setup", "/console", "/own", "/nowhere")
    }

    assert answers == {
        "/connections/setup": ["same-origin-allow-popups"],
        "/console": ["same-origin"],
        "/own": ["same-origin"],
        "/nowhere": ["same-origin"],
    }
    assert client.get("/own").headers["cache-control"] == "public, max-age=600"
    failing = client_of(make_app(broker, crash), broker)
    crashed = failing.get("/api/hubspot/status")
    assert (crashed.status_code, crashed.headers["cache-control"]) == (500, "no-store")


def test_one_app_in_another(broker: Broker) -> None:
    """The mounted app's headers hold, and so do those of what it has not, under its own path."""
    inner = make_app(broker)
    outer = FastAPI(routes=[Mount("/crm", inner)])
    HubSpotConsole(outer, broker, allow=lambda _: "grace")
    client = client_of(outer, broker)

    assert client.get("/crm/auth/hubspot/nothing").headers.get_list(POLICY) == ["unsafe-none"]
    assert client.get("/crm/auth/hubspot/refused").headers.get_list(POLICY) == ["unsafe-none"]
    assert client.get("/console").headers.get_list(POLICY) == ["same-origin"]


@pytest.mark.parametrize(
    ("path", "root", "inside"),
    [
        ("/auth/hubspot/done", "", "/auth/hubspot/done"),
        ("/crm/auth/hubspot/done", "/crm", "/auth/hubspot/done"),
        ("/crm/auth/hubspot/done", "/crm/", "/auth/hubspot/done"),
        ("/auth/hubspot/done", "/crm", "/auth/hubspot/done"),
        ("/crmx/auth", "/crm", "/crmx/auth"),
    ],
)
def test_servers_differ_in_what_a_path_is(path: str, root: str, inside: str) -> None:
    """With the mount at its beginning, or without."""
    assert path_in_app({"path": path, "root_path": root}) == inside


def test_what_is_no_request_passes(broker: Broker) -> None:
    """Lifespans and sockets have no headers of ours."""
    passed: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope["type"])

    answer: Callable[..., Any] = AsgiHeaderMiddleware(app)
    run(answer({"type": "websocket"}, None, None))

    assert passed == ["websocket"]


async def own(request: Request) -> Response:
    """The app's own page."""
    return PlainTextResponse("own")


def test_a_bare_starlette(broker: Broker) -> None:
    """The same without FastAPI."""
    app = Starlette()
    add_sessions(app)
    app.add_middleware(LaysOn)
    HubSpotAuth(app, broker, owner=user_of)

    assert client_of(app, broker).get("/auth/hubspot/x").headers.get_list(POLICY) == ["unsafe-none"]
