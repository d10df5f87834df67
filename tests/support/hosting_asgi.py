"""A host app of Starlette's or FastAPI's, as ``hosting`` has one of Flask's."""

from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from portalkey.broker import Broker
from portalkey.fastapi import HubSpotAuth


def user_of(request: Request) -> str | None:
    """Who is signed in."""
    user: str | None = request.session.get("user")
    return user


async def sign_in(request: Request) -> Response:
    """Sign somebody in."""
    request.session["user"] = request.path_params["name"]
    return PlainTextResponse("in")


def add_sessions(app: Starlette, **options: Any) -> None:
    """Give *app* sessions."""
    app.add_middleware(SessionMiddleware, **{"secret_key": "of-the-host", **options})


def host_app(broker: Broker, *, cookie: dict[str, Any] | None = None, **options: Any) -> FastAPI:
    """An app of somebody else's; *cookie* says what its session's is like."""
    app = FastAPI()
    add_sessions(app, **(cookie or {}))
    app.add_route("/login/{name}", sign_in)
    HubSpotAuth(app, broker, **{"owner": user_of, **options})
    return app


def client_of(app: Starlette, broker: Broker, name: str | None = None) -> TestClient:
    """A browser at the app's own address, in which *name* is signed in."""
    url = broker.settings.public_url
    client = TestClient(app, url, raise_server_exceptions=False, follow_redirects=False)
    if name is not None:
        client.get(f"/login/{name}")
    return client
