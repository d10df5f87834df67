"""Quart under uvicorn, with the skin that docs/own-skin.md has for people to copy."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from jinja2 import DictLoader
from quart import Quart, Response, g, redirect, render_template_string, request, session
from starlette.applications import Starlette
from starlette.routing import Mount
from werkzeug import Response as WerkzeugResponse

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
from support.asgi import uvicorn_serving

PAGE_OF_DOCS = Path(__file__).parents[3] / "docs/own-skin.md"
PAGE = FRONT.format(
    script="{{ url_for('hubspot_auth.static', filename='connect.js') }}",
    state="{{ hubspot_connect_state() }}",
    link="{{ hubspot_connect_url(next=front) }}",
    further="{{ hubspot_connect_url(scopes=['tickets']) }}",
)


def read_files() -> dict[str, str]:
    """The files that the page has people make; its last block goes on in the first."""
    text = PAGE_OF_DOCS.read_text()
    pages, app, more = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return {"hubspot_quart.py": f"{pages}\n\n{more}", "app.py": app}


def load_skin() -> Any:
    """The skin, as an app imports it."""
    module = ModuleType("hubspot_quart")
    code = compile(read_files()["hubspot_quart.py"], str(PAGE_OF_DOCS), "exec")
    exec(code, vars(module))  # noqa: S102
    return module


skin = load_skin()


class QuartSkin(Skin):
    """An app of Quart's, with a skin of its own."""

    name = "quart"

    @contextmanager
    def serve(self, broker: Broker, plan: Plan, port: int) -> Iterator[None]:
        """Serve it from an event loop."""
        app: Any = make_app(broker, plan)
        if plan.mount:
            app = Starlette(routes=[Mount(plan.mount, app)])
        # hypercorn writes a method large, so that a signed POSt would be heard as the POST it was.
        with uvicorn_serving(app, port):
            yield


def make_app(broker: Broker, plan: Plan) -> Quart:
    """The app."""
    app = Quart("host")
    app.config.update(
        SECRET_KEY="of-the-host",
        SESSION_COOKIE_SAMESITE=plan.samesite,
        SESSION_COOKIE_PATH=plan.mount or "/",
        PROPAGATE_EXCEPTIONS=False,
    )
    app.jinja_options = {"loader": DictLoader({"layout.html": LAYOUT})}
    front = f"{plan.mount}/"

    async def show() -> str:
        return await render_template_string(PAGE, front=front)

    async def sign_in_as(name: str) -> str:
        session["user"] = name
        return "in"

    async def show_twice(name: str) -> str:
        before = await show()
        session["user"] = name
        return before + BETWEEN + await show()

    async def lay_on(response: Response) -> Response:
        response.headers.update(plan.lays_on)
        return response

    app.add_url_rule("/", "front", show)
    app.add_url_rule("/as/", "out", sign_out)
    app.add_url_rule("/as/<name>", "in", sign_in_as)
    app.add_url_rule("/then/<name>", "then", show_twice)
    app.add_url_rule("/login", "login", sign_in, methods=["GET", "POST"])
    app.register_error_handler(404, lambda _: (NOT_HERE, 404))
    app.after_request(lay_on)
    skin.HubSpotAuth(app, broker, **options_of(plan))
    skin.add_console(app, broker, allow=lambda: OPERATOR if user() == OPERATOR else None)
    add_hooks(app, broker, plan)
    return app


def add_hooks(app: Quart, broker: Broker, plan: Plan) -> None:
    """Add the views for HubSpot."""

    async def hear(rest: str = "") -> dict[str, str]:
        body = await request.get_data(as_text=False, cache=True, parse_form_data=False)
        return plan.hear(body, g.hubspot_signature.version, rest)

    hook = skin.from_hubspot(broker)(hear)
    lenient = skin.from_hubspot(broker, oldest="v1", most_bytes=SMALL)(hear)
    for path, view in {HOOK: hook, f"{HOOK}/<path:rest>": hook, LENIENT: lenient}.items():
        app.add_url_rule(path, path, view, methods=["GET", "POST", "PUT"])


def options_of(plan: Plan) -> dict[str, Any]:
    """The plan in the words of this skin."""
    return {
        "owner": lambda: plan.names_owner(user()),
        "login_url": f"{plan.mount}/login" if plan.has_login else None,
        "base_template": "layout.html" if plan.has_layout else None,
        "may_disconnect": lambda _owner, _connection: plan.allows,
        "may_deliver": lambda _owner, _connection: plan.allows,
        **plan.options,
    }


def user() -> str | None:
    """Who is signed in."""
    return session.get("user")


async def sign_out() -> str:
    """Nobody is signed in."""
    session.clear()
    return "out"


async def sign_in() -> str | WerkzeugResponse:
    """The form, or where it leads to."""
    if request.method == "GET":
        return LOGIN
    session["user"] = (await request.form)["name"]
    return redirect(request.args["next"])
