"""Flask, under the server that ``portalkey serve`` has."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, g, redirect, render_template_string, request, session
from jinja2 import DictLoader
from werkzeug import Response

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
from portalkey.cli.server import Listener
from portalkey.cli.server.mount import Mount
from portalkey.flask import HubSpotAuth, HubSpotConsole, from_hubspot

PAGE = FRONT.format(
    script="{{ url_for('hubspot_auth.static', filename='connect.js') }}",
    state="{{ hubspot_connect_state() }}",
    link="{{ hubspot_connect_url(next=front) }}",
    further="{{ hubspot_connect_url(scopes=['tickets']) }}",
)


class FlaskSkin(Skin):
    """An app of Flask's."""

    name = "flask"

    @contextmanager
    def serve(self, broker: Broker, plan: Plan, port: int) -> Iterator[None]:
        """Serve it from threads."""
        app = make_app(broker, plan)
        with Listener(app, broker, host="127.0.0.1", port=port):
            yield


def make_app(broker: Broker, plan: Plan) -> Flask:
    """The app."""
    app = Flask("host")
    app.config.update(
        SECRET_KEY="of-the-host",
        SESSION_COOKIE_SAMESITE=plan.samesite,
        SESSION_COOKIE_PATH=plan.mount or "/",
        PROPAGATE_EXCEPTIONS=False,
    )
    app.jinja_loader = DictLoader({"layout.html": LAYOUT})
    front = f"{plan.mount}/"
    app.add_url_rule("/", "front", lambda: render_template_string(PAGE, front=front))
    app.add_url_rule("/as/", "out", sign_out)
    app.add_url_rule("/as/<name>", "in", lambda name: session.update(user=name) or "in")

    def show_twice(name: str) -> str:
        before = render_template_string(PAGE, front=front)
        session["user"] = name
        return before + BETWEEN + render_template_string(PAGE, front=front)

    app.add_url_rule("/then/<name>", "then", show_twice)
    app.add_url_rule("/login", "login", sign_in, methods=["GET", "POST"])
    add_hooks(app, plan)
    app.register_error_handler(404, lambda _: (NOT_HERE, 404))
    app.after_request(lambda response: response.headers.update(plan.lays_on) or response)
    HubSpotAuth(app, broker, **options_of(plan))
    HubSpotConsole(app, broker, allow=lambda _: OPERATOR if user() == OPERATOR else None)
    app.wsgi_app = Mount(app.wsgi_app, plan.mount)  # type: ignore[method-assign]
    return app


def add_hooks(app: Flask, plan: Plan) -> None:
    """Add the views for HubSpot."""

    def hear(rest: str = "") -> dict[str, str]:
        return plan.hear(request.get_data(), g.hubspot_signature.version, rest)

    hook, lenient = from_hubspot(hear), from_hubspot(oldest="v1", most_bytes=SMALL)(hear)
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


def sign_out() -> str:
    """Nobody is signed in."""
    session.clear()
    return "out"


def sign_in() -> str | Response:
    """The form, or where it leads to."""
    if request.method == "GET":
        return LOGIN
    session["user"] = request.form["name"]
    return redirect(request.args["next"])
