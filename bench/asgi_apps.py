"""The app on an event loop that ASGI servers run: ``app``, at BENCH_PLACE."""

import json
import os

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.middleware.sessions import SessionMiddleware

from bench.apps import OWNER_HEADER
from bench.place import Place, make_broker
from portalkey.fastapi import HubSpotAuth


def make_app(place: Place) -> FastAPI:
    """The routes of portalkey, and three of the app's own."""
    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key="secret")

    async def find_owner(request: Request) -> str | None:
        return request.headers.get(OWNER_HEADER)

    hubspot = HubSpotAuth(app, make_broker(place), owner=find_owner)

    @app.get("/link", response_class=PlainTextResponse)
    async def link(request: Request) -> str:
        return await hubspot.connect_url(request)

    @app.get("/idle", response_class=PlainTextResponse)
    @app.get("/ready", response_class=PlainTextResponse)
    async def idle() -> str:
        return "idle"

    return app


if "BENCH_PLACE" in os.environ:
    app = make_app(Place(**json.loads(os.environ["BENCH_PLACE"])))
