"""Apps with layouts of their own, in real stylesheets from npm, and our pages in them."""

import subprocess
from pathlib import Path

from flask import Flask, Response, send_from_directory
from jinja2 import FileSystemLoader

from browser.fronts import PACKAGES
from browser.pages import FIRST, SECOND, SETUP
from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth
from support.visitor import Visitor

FOLDER = Path(__file__).parent / "layouts"
LAYOUTS = ("bootstrap", "bulma", "tailwind", "tailwind-3", "serif")
"""The last but one loads its stylesheet after ours."""


class LayoutApp:
    """An app with one of the layouts; ``scheme`` is what its person has chosen in it."""

    def __init__(self, broker: Broker, layout: str) -> None:
        self.scheme = "light"
        self.app = Flask("app")
        self.app.secret_key = "of-the-app"
        self.app.jinja_loader = FileSystemLoader(FOLDER)
        self.app.context_processor(lambda: {"scheme": self.scheme})
        self.app.add_url_rule("/tailwind.css", "tailwind", _build_tailwind)
        self.app.add_url_rule(
            "/npm/<path:path>", "npm", lambda path: send_from_directory(PACKAGES, path)
        )
        HubSpotAuth(
            self.app,
            broker,
            owner=lambda: "ada",
            owner_name=lambda _: "Ada Lovelace",
            base_template=f"{layout}.html",
        )


def _build_tailwind() -> Response:
    command = ["node", str(FOLDER / "tailwind.mjs"), str(FOLDER / "tailwind.html")]
    built = subprocess.run(command, capture_output=True, check=True)
    return Response(built.stdout, mimetype="text/css")


def empty(visitor: Visitor) -> str:
    """No account yet."""
    del visitor
    return SETUP


def one(visitor: Visitor) -> str:
    """One account."""
    visitor.connect(FIRST)
    return SETUP


def leaving(visitor: Visitor) -> str:
    """About to disconnect it."""
    return str(visitor.setup().select("a.pk-leave")[0]["href"])


def again(visitor: Visitor) -> str:
    """It has to be connected again, and another one is fine."""
    visitor.connect(SECOND)
    visitor.hubspot.uninstall(FIRST)
    visitor.get("/api/hubspot/status?check=1")
    return SETUP


PAGES = {"empty": empty, "one": one, "leaving": leaving, "again": again}
"""By name, what leads on to each; in this order."""
