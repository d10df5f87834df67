"""An app of somebody else's that serves two HubSpot apps, as each framework has it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.test import override_settings
from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates
from flask import Flask, render_template_string, session
from jinja2 import DictLoader, Environment
from starlette.middleware.sessions import SessionMiddleware

from contract.skins.plan import OPERATOR
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.fastapi import HubSpotAuth as FastAPIAuth
from portalkey.fastapi import HubSpotConsole as FastAPIConsole
from portalkey.fastapi import from_hubspot as fastapi_from_hubspot
from portalkey.flask import HubSpotAuth as FlaskAuth
from portalkey.flask import HubSpotConsole as FlaskConsole
from portalkey.flask import from_hubspot as flask_from_hubspot
from support.asgi import uvicorn_serving
from support.django_hosting import set_up
from support.django_shop.settings import MIDDLEWARE, TEMPLATES

EU = "eu"
"""The name of the second."""

PAGE = """\
<!doctype html>
<html lang="en">
<title>Front</title>
<link rel="icon" href="data:,">
<script type="module" src="{script}"></script>
<hubspot-connect id="first" {state}><a href="{link}">Connect to HubSpot</a></hubspot-connect>
<hubspot-connect id="eu" {eu_state}><a href="{eu_link}">Connect to HubSpot</a></hubspot-connect>
</html>
"""

JINJA = PAGE.format(
    script="{{ script }}",
    state="{{ hubspot_connect_state() }}",
    link="{{ hubspot_connect_url(next='/') }}",
    eu_state="{{ hubspot_connect_state(name='eu') }}",
    eu_link="{{ hubspot_connect_url(next='/', name='eu') }}",
)
DJANGO = "{% load portalkey %}" + PAGE.format(
    script='{% hubspot_static "connect.js" app="eu" %}',
    state="{% hubspot_connect_state %}",
    link='{% hubspot_connect_url next="/" %}',
    eu_state='{% hubspot_connect_state name="eu" %}',
    eu_link='{% hubspot_connect_url next="/" name="eu" %}',
)

HEARD = "/heard-by-"
"""Beginning of the path of each app's view for HubSpot; its name, or ``first``, is behind it."""

Brokers = Mapping[str, Broker]
"""The brokers of the two HubSpot apps, by name."""
Serve = Callable[[Brokers, int], AbstractContextManager[None]]


@contextmanager
def serve_flask(brokers: Brokers, port: int) -> Iterator[None]:
    """Serve it from threads."""
    app = Flask("host")
    app.config["SECRET_KEY"] = "of-the-host"
    app.add_url_rule("/", "front", lambda: render_template_string(JINJA, script=script()))
    app.add_url_rule("/as/<name>", "in", lambda name: session.update(user=name) or "in")

    def script() -> str:
        return app.url_for("hubspot_auth_eu.static", filename="connect.js")

    def user(*_: object) -> str | None:
        return session.get("user")

    for name, broker in brokers.items():
        FlaskAuth(app, broker, owner=user, name=name)
        FlaskConsole(app, broker, allow=lambda _: OPERATOR if user() else None, name=name)
        heard = flask_from_hubspot(name=name)(lambda: "heard")
        path = f"{HEARD}{name or 'first'}"
        app.add_url_rule(path, path, heard, methods=["POST"])
    with Listener(app, brokers[""], host="127.0.0.1", port=port):
        yield


@contextmanager
def serve_fastapi(brokers: Brokers, port: int) -> Iterator[None]:
    """Serve it from an event loop."""
    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key="of-the-host")
    loader = DictLoader({"front.html": JINJA})
    templates = Jinja2Templates(env=Environment(loader=loader, autoescape=True))

    async def user(request: Request) -> str | None:
        return request.session.get("user")

    def operator(request: Request) -> str | None:
        return OPERATOR if request.session.get("user") else None

    def hear() -> str:
        return "heard"

    made = []
    for name, broker in brokers.items():
        made.append(FastAPIAuth(app, broker, owner=user, templates=templates, name=name))
        FastAPIConsole(app, broker, allow=operator, name=name)
        app.post(f"{HEARD}{name or 'first'}")(fastapi_from_hubspot(name=name)(hear))

    @app.get("/")
    async def front(request: Request) -> Response:
        for each in made:
            await each.prepare(request)
        script = app.url_path_for("hubspot_auth_eu.static", filename="connect.js")
        return templates.TemplateResponse(request, "front.html", {"script": script})

    @app.get("/as/{name}")
    def sign_in_as(request: Request, name: str) -> str:
        request.session["user"] = name
        return "in"

    with uvicorn_serving(app, port):
        yield


def django_settings() -> dict[str, Any]:
    """Those of such a site."""

    def user(request: HttpRequest) -> str | None:
        found: str | None = request.session.get("user")
        return found

    one = {"owner": user, "console_allow": lambda request: OPERATOR if user(request) else None}
    loader = "django.template.loaders.locmem.Loader"
    engine = {
        "BACKEND": TEMPLATES[0]["BACKEND"],
        "OPTIONS": {"loaders": [(loader, {"two.html": DJANGO})]},
    }
    return {
        "MIDDLEWARE": MIDDLEWARE,
        "PORTALKEY": {"default": one, EU: one},
        "LOGIN_URL": "/no-such-page",
        "ROOT_URLCONF": "contract.skins.django_two_urls",
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
        "TEMPLATES": [engine],
    }


@contextmanager
def serve_django(brokers: Brokers, port: int) -> Iterator[None]:
    """Serve it from threads."""
    set_up()
    from portalkey.django.testing import use_broker  # noqa: PLC0415 - Django is set up by now

    with (
        override_settings(**django_settings()),
        use_broker(brokers[""]),
        use_broker(brokers[EU], EU),
        Listener(WSGIHandler(), brokers[""], host="127.0.0.1", port=port),
    ):
        yield


SERVES: Mapping[str, Serve] = {
    "flask": serve_flask,
    "fastapi": serve_fastapi,
    "django": serve_django,
}
