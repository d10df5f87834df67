"""A whole small app whose visitors can connect their HubSpot account."""

import secrets

import httpx2
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from starlette.middleware.sessions import SessionMiddleware

from portalkey import Broker, PersonMustAct
from portalkey.adapters.httpx2 import HttpxAuth
from portalkey.fastapi import HubSpotAuth

app = FastAPI()
# Your key stays the same, or a restart signs everybody out.
app.add_middleware(SessionMiddleware, secret_key=secrets.token_hex())
templates = Jinja2Templates(directory="templates")
broker = Broker.from_env()


async def current_user(request: Request) -> str | None:
    """The id of whoever sent this request."""
    return request.session.get("user")


hubspot = HubSpotAuth(app, broker, owner=current_user, templates=templates)


@app.get("/", response_class=HTMLResponse)
async def home(request: Request) -> Response:
    """The page with the link; every visitor is a user here, as there is no sign-in."""
    user = request.session.setdefault("user", secrets.token_hex(8))
    await hubspot.prepare(request)
    connections = await run_in_threadpool(broker.connections, user)
    return templates.TemplateResponse(request, "home.html", {"connections": connections})


@app.get("/account/{hub_id}", name="account", response_model=None)
async def account(request: Request, hub_id: int) -> dict[str, object] | Response:
    """What HubSpot says about the account, asked with a token that is always valid."""
    auth = HttpxAuth(broker, await current_user(request) or "nobody", hub_id)
    url = f"{broker.settings.api_url}/account-info/2026-09/details"
    try:
        async with httpx2.AsyncClient(auth=auth) as client:
            answer = await client.get(url)
    except PersonMustAct:  # for one, the app was removed at HubSpot
        return RedirectResponse("/connections/setup")
    return answer.raise_for_status().json()
