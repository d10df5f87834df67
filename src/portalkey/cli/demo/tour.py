"""The demo's front page: who is signed in, what happens, and what to try next."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, abort, redirect, request
from jinja2 import FileSystemLoader, PrefixLoader
from werkzeug.wrappers import Response as AnyResponse

from portalkey.cli.demo.counts import Counts
from portalkey.cli.demo.looks import Looks
from portalkey.cli.server.console import find_user
from portalkey.cli.server.error_pages import context_of
from portalkey.cli.server.owners import Owners, names_of_demo, sign_in
from portalkey.flask.hubspot_auth import hubspot_connect_url, read_request
from portalkey.web.console.console import Console
from portalkey.web.console.door import Door, OneTimeLink
from portalkey.web.headers import SETUP
from portalkey.web.install_cookies import InstallCookies
from portalkey.web.rendering import Renderer

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker
    from portalkey_simulator import HubSpot

LACKING = 4410003
"""The simulator's account that has no deals."""

_HERE = Path(__file__).parent


class Tour:
    """Pages of the demo alone; whatever they show and do goes through the Broker."""

    def __init__(self, broker: "Broker", simulator: "HubSpot", owners: Owners) -> None:
        self._broker, self._simulator, self._owners = broker, simulator, owners
        self._counts = Counts(simulator)
        self._looks = Looks(broker, self._counts)
        self._link = OneTimeLink(find_user())
        self.console = Console(broker, door=Door.with_link(self._link))
        templates = PrefixLoader({"portalkey": FileSystemLoader(_HERE / "templates")})
        self._render = Renderer(broker.settings, templates)
        self._tried: set[tuple[str, str]] = set()
        self._names = names_of_demo()

    def add_to(self, app: Flask) -> None:
        """Add the pages to *app*."""
        pages = Blueprint("tour", __name__, static_folder="static", static_url_path="/tour/static")
        pages.add_url_rule("/", "home", self._show)
        pages.add_url_rule("/tour/live", "live", self._show_live)
        pages.before_request(self._refuse_foreign_forms)
        for name, view in {
            "sign-in": self._sign_in,
            "console": self._open_console,
            "invite": self._invite,
        }.items():
            pages.add_url_rule(f"/tour/{name}", name, view, methods=["POST"])
        app.register_blueprint(pages)
        self._tickets = InstallCookies(context_of(app))

    def _refuse_foreign_forms(self) -> None:
        origin = request.headers.get("Origin")
        if request.method == "POST" and origin != self._broker.settings.public_url:
            abort(403)

    def _show(self, invitation: str = "") -> Response:
        client = self._broker.settings.client_id
        return self._page(
            "tour.html",
            connect_url=hubspot_connect_url(next="/", another=True),
            lacking_url=hubspot_connect_url(next="/", hub_id=LACKING),
            people=self._names,
            invitation=invitation,
            listing=f"{self._simulator.url}/marketplace/{client}",
            is_personal=self._broker.is_personal,
            lifetime=self._simulator.switches.access_token_seconds,
            **self._live(),
        )

    def _show_live(self) -> Response:
        """Return the part of the page that changes by itself, which asks for it every second."""
        return self._page("live.html", **self._live())

    def _live(self) -> dict[str, Any]:
        owner = self._owner()
        looks = self._looks.accounts(owner)
        tickets = self._tickets.read(read_request())
        is_waiting = bool(tickets and self._broker.find_installs(tickets))
        if is_waiting:
            self._tried.add((owner, "install"))
        done = [
            *self._looks.find_steps(owner),
            *(step for who, step in self._tried.copy() if who == owner),
        ]
        return {
            "owner": owner,
            "owner_name": self._owners.name(owner),
            "looks": looks,
            "done": done,
            "is_waiting": is_waiting,
            "timeline": self._looks.timeline(owner, looks),
            "asked": self._counts.tokens,
            "renewed": self._counts.count_requests(),
            "control_room": self._simulator.url,
        }

    def _page(self, template: str, **facts: Any) -> Response:  # noqa: ANN401 - templates take anything
        return Response(self._render(template, language="en", **facts), headers=dict(SETUP))

    def _sign_in(self) -> AnyResponse:
        owner = request.form.get("owner", "")
        if owner not in self._names:
            abort(400)
        sign_in(owner)
        return redirect("/", 303)

    def _invite(self) -> Response:
        """Make a link, which is shown this once."""
        owner = self._owner()
        return self._show(self._broker.invite(owner, name=self._owners.name(owner)).link)

    def _open_console(self) -> AnyResponse:
        """Lead to the console: whoever reaches this page has started the demo on this machine."""
        assert self.console.door is not None  # noqa: S101 - tells the type checker
        self._tried.add((self._owner(), "console"))
        self._link.renew()
        return redirect(self.console.door.link_of(self._link), 303)

    def _owner(self) -> str:
        return self._owners.find() or ""  # the demo's visitors are all somebody
