"""The app's own templates: functions for the link, and its layout around our page."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.templating import Jinja2Templates
from jinja2 import DictLoader, Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from portalkey.broker import Broker
from portalkey.fastapi import HubSpotAuth
from portalkey.testing.account import connect
from portalkey.web.static_files import static_address
from portalkey_simulator import HubSpot
from support.hosting_asgi import add_sessions, client_of, sign_in, user_of

PAGE = """{{ url_for('hubspot_auth.static', filename='connect.js').path }}
<hubspot-connect {{ hubspot_connect_state() }}><a href="{{ hubspot_connect_url(next='/') }}">"""
LAYOUT = """<p>{{ brand }} {{ request.url.path }} {{ url_for('plain').path }}</p>
{% block head %}{% endblock %}{% block content %}{% endblock %}"""


async def find_owner(request: Request) -> str | None:
    """Who is signed in."""
    return user_of(request)


def make_app(broker: Broker, owner: Any, **options: Any) -> FastAPI:
    """An app with a plain view, an async one, and an async one that prepares."""
    pages = {"page.html": PAGE, "layout.html": LAYOUT}
    templates = Jinja2Templates(
        env=Environment(loader=DictLoader(pages), autoescape=True),
        context_processors=[lambda _: {"brand": "The host's"}],
    )
    app = FastAPI()
    add_sessions(app)
    hubspot = HubSpotAuth(app, broker, owner=owner, templates=templates, **options)
    app.add_route("/login/{name}", sign_in)

    @app.get("/plain", name="plain", response_class=HTMLResponse)
    def plain(request: Request) -> Response:
        return templates.TemplateResponse(request, "page.html")

    @app.get("/async", response_class=HTMLResponse)
    async def at_once(request: Request) -> Response:
        return templates.TemplateResponse(request, "page.html")

    @app.get("/prepared", response_class=HTMLResponse)
    async def prepared(request: Request) -> Response:
        await hubspot.prepare(request)
        return templates.TemplateResponse(request, "page.html")

    @app.get("/then/{name}", response_class=HTMLResponse)
    async def sign_in_after(request: Request, name: str) -> Response:
        await hubspot.prepare(request)
        request.session["user"] = name
        return templates.TemplateResponse(request, "page.html")

    @app.get("/out", response_class=HTMLResponse)
    async def sign_out_after(request: Request) -> Response:
        await hubspot.prepare(request)
        request.session.clear()
        return templates.TemplateResponse(request, "page.html")

    @app.get("/flash", response_class=HTMLResponse)
    async def change_after(request: Request) -> Response:
        await hubspot.prepare(request)
        request.session["flash"] = "Saved."
        return templates.TemplateResponse(request, "page.html")

    async def inner(request: Request) -> Response:
        await hubspot.prepare(request)
        return templates.TemplateResponse(request, "page.html")

    app.mount("/below", Starlette(routes=[Route("/page", inner)]))
    return app


@pytest.mark.parametrize(
    ("owner", "path"),
    [
        (user_of, "/plain"),
        (user_of, "/async"),
        (user_of, "/prepared"),
        (find_owner, "/plain"),
        (find_owner, "/prepared"),
    ],
)
def test_a_page_has_the_link_and_the_state(
    broker: Broker, hubspot: HubSpot, owner: Any, path: str
) -> None:
    """Wherever the view runs: signed, versioned, and connected to the account."""
    connect(broker, hubspot, "ada", 4410001)
    page = client_of(make_app(broker, owner), broker, "ada").get(path)

    assert page.text.startswith(static_address("connect.js"))
    assert 'data-state="connected" data-account="harbourpine.example"' in page.text
    assert 'href="/auth/hubspot/start?t=' in page.text


def test_an_async_owner_is_not_asked_while_the_loop_renders(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """It could never be: the log says what to write."""
    client = client_of(make_app(broker, find_owner), broker, "ada")

    assert client.get("/async").status_code == 500
    with pytest.raises(RuntimeError, match=r"await hubspot\.prepare\(request\)"):
        type(client)(client.app, broker.settings.public_url).get("/async")


def test_our_page_in_the_apps_layout(broker: Broker) -> None:
    """With the app's globals, context processors and request."""
    app = make_app(broker, find_owner, base_template="layout.html")
    page = client_of(app, broker, "ada").get("/connections/setup")

    assert "<p>The host&#39;s /connections/setup /plain</p>" in page.text
    assert 'class="pk-setup' in page.text


@pytest.mark.parametrize("name", ["nowhere.html", "page.html"])
def test_a_layout_that_will_not_do(
    broker: Broker, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Our own stands in for it, and the log says what it lacks."""
    app = make_app(broker, find_owner, base_template=name)
    page = client_of(app, broker, "ada").get("/connections/setup")

    assert 'class="pk-setup' in page.text
    assert f"base_template: {name}" in caplog.text


def test_a_page_of_a_mounted_app(broker: Broker) -> None:
    """It is within reach there, too."""
    page = client_of(make_app(broker, find_owner), broker, "ada").get("/below/page")

    assert 'href="/auth/hubspot/start?t=' in page.text


@pytest.mark.parametrize("owner", [find_owner, user_of])
def test_a_sign_out_after_the_page_was_prepared(
    broker: Broker, hubspot: HubSpot, owner: Any
) -> None:
    """What was prepared is shown to nobody else: the link is a bare one, which asks first."""
    connect(broker, hubspot, "ada")
    client = client_of(make_app(broker, owner), broker, "ada")

    assert 'data-state="connected"' in client.get("/flash").text
    page = client.get("/out").text
    assert "data-state" not in page
    assert "?t=" not in page


def test_a_sign_in_after_the_page_was_prepared(broker: Broker, hubspot: HubSpot) -> None:
    """A plain owner is asked once more, as the session is another."""
    connect(broker, hubspot, "ada")
    client = client_of(make_app(broker, user_of), broker, "ada")

    page = client.get("/then/eve").text
    assert "data-state" not in page
    assert "?t=" in page
