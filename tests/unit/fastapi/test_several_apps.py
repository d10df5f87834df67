"""Several HubSpot apps of one host: what a page of its own asks for, and where its files are."""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import DictLoader, Environment
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from portalkey.broker import Broker
from portalkey.fastapi import HubSpotAuth
from portalkey.settings import Settings
from support.hosting_asgi import add_sessions, client_of, sign_in, user_of

PAGE = "{{ hubspot_connect_url() }} {{ hubspot_connect_url(name='eu') }}"
CALLBACK = "/auth/hubspot/callback"


def brokers_of(
    settings: Settings, make_broker: Callable[[Settings], Broker], **changes: object
) -> dict[str, Broker]:
    """The brokers of two apps, by name."""
    mounts = {"": "", "eu": "/eu"}
    return {
        name: make_broker(
            settings.model_copy(
                update={
                    "client_id": f"client-{name}",
                    "redirect_uri": f"{settings.public_url}{mount}{CALLBACK}",
                    **changes,
                }
            )
        )
        for name, mount in mounts.items()
    }


def test_a_page_that_was_prepared_for_both(
    settings: Settings, make_broker: Callable[[Settings], Broker]
) -> None:
    """What one app writes into the session makes the loop ask nobody again for the other."""
    brokers = brokers_of(settings, make_broker)
    app, asked = FastAPI(), list[str | None]()
    loader = DictLoader({"page.html": PAGE})
    templates = Jinja2Templates(env=Environment(loader=loader, autoescape=True))
    add_sessions(app)
    app.add_route("/login/{name}", sign_in)

    def find_owner(request: Request) -> str | None:
        asked.append(user_of(request))
        return user_of(request)

    both = [
        HubSpotAuth(app, broker, owner=find_owner, templates=templates, name=name)
        for name, broker in brokers.items()
    ]

    @app.get("/", response_class=HTMLResponse)
    async def front(request: Request) -> Response:
        for each in both:
            await each.prepare(request)
        return templates.TemplateResponse(request, "page.html")

    links = client_of(app, brokers[""], "ada").get("/").text.split()

    assert [link.partition("?")[0] for link in links] == [
        "/auth/hubspot/start",
        "/eu/auth/hubspot/start",
    ]
    assert asked == ["ada", "ada"]


def test_the_hosts_own_logo(
    settings: Settings, make_broker: Callable[[Settings], Broker], tmp_path: Path
) -> None:
    """It is where the host serves its files, below no app's prefix."""
    (tmp_path / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    brokers = brokers_of(settings, make_broker, app_logo="logo.svg")
    app = FastAPI()
    add_sessions(app)
    app.add_route("/login/{name}", sign_in)
    for name, broker in brokers.items():
        HubSpotAuth(app, broker, owner=user_of, name=name)
    app.mount("/static", StaticFiles(directory=tmp_path), name="static")
    client = client_of(app, brokers[""], "ada")

    for place in ("", "/eu"):
        page = client.get(f"{place}/connections/setup").text
        assert 'src="/static/logo.svg"' in page, place
