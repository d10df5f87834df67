"""Apps that portalkey may find itself in, somebody's evil page, and a person with a Chromium."""

from http.server import BaseHTTPRequestHandler

from flask import Flask, Response, render_template_string, request, session
from playwright.sync_api import BrowserContext, Error, Frame, Page

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth

OWNER = "ada"
CONNECT = "hubspot-connect > a"
AGREE = "button[value=approve]"
STATE = "document.querySelector('hubspot-connect')?.getAttribute('state')"
PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Place</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script type="module" src="{{ url_for('hubspot_auth.static', filename='connect.js') }}"></script>
<hubspot-connect>
  <a href="{{ hubspot_connect_url(next=next) }}">Connect to HubSpot</a>
</hubspot-connect>
"""
# What a page hears and sees. The driver puts it into the page, so no policy forbids it.
EAR = """
window.ear = { results: [], states: [], opened: [], popup: null };
document.addEventListener("hubspot-connect", ({ detail }) => ear.results.push(detail));
new MutationObserver((changes) => {
  for (const { target } of changes) ear.states.push(target.getAttribute("state"));
}).observe(document, { subtree: true, attributeFilter: ["state"] });
{
  const open = window.open;
  window.open = (...given) => {
    ear.opened.push(given.map(String));
    return (ear.popup = open.apply(window, given));
  };
}
"""


class Place:
    """A bare Flask app, and what a test decides about it.

    ``headers`` are laid on every response, as middleware does. ``next`` is where the link leads
    back to. ``/as/NAME`` signs somebody else in, and ``/as/`` signs out; ``?policy=`` gives the
    front page a ``Cross-Origin-Opener-Policy``.
    """

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.url = broker.settings.public_url
        self.headers: dict[str, str] = {}
        self.next = "/"
        self.app = Flask("place")
        self.app.secret_key = "of-the-place"
        self.app.add_url_rule("/", "front", self._front)
        self.app.add_url_rule("/as/", "out", lambda: self._sign_in(None))
        self.app.add_url_rule("/as/<name>", "in", self._sign_in)
        self.app.after_request(self._lay_on)
        self.protect(broker)

    def protect(self, broker: Broker) -> None:
        """Whoever comes is Ada, until somebody else signs in."""
        HubSpotAuth(self.app, broker, owner=lambda: session.get("user", OWNER))

    def _front(self) -> Response:
        response = Response(render_template_string(PAGE, next=self.next))
        if policy := request.args.get("policy"):
            response.headers["Cross-Origin-Opener-Policy"] = policy
        return response

    def _sign_in(self, name: str | None) -> str:
        session["user"] = name
        return "<title>Signed in</title>"

    def _lay_on(self, response: Response) -> Response:
        response.headers.update(self.headers)
        return response


class Evil(BaseHTTPRequestHandler):
    """An empty page on another site, which hears whatever it is told."""

    page = b"<!doctype html><title>Evil</title><link rel=icon href=data:,>"
    listens = b"<script>heard = []; onmessage = ({ data }) => heard.push(data)</script>"

    def do_GET(self) -> None:
        """The page, at every path."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page + self.listens)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base has it so
        """Nothing is said."""


def front(browser: BrowserContext, place: Place, query: str = "") -> Page:
    """A new tab on the front page."""
    page = browser.new_page()
    page.goto(f"{place.url}/{query}")
    return page


def open_popup(page: Page, frame: Frame | None = None) -> Page:
    """Click *Connect to HubSpot*; the popup, wherever it is led to."""
    with page.expect_popup() as opened:
        (frame or page).click(CONNECT)
    return opened.value


def at_hubspot(page: Page) -> Page:
    """Click *Connect to HubSpot*; the popup, on HubSpot's consent page."""
    popup = open_popup(page)
    popup.wait_for_selector(AGREE)
    return popup


def decide(popup: Page, decision: str) -> None:
    """Press a button at HubSpot, and wait for what our side makes of it."""
    popup.click(f"button[value={decision}]")
    try:
        popup.wait_for_selector("body.pk, main > h1")
    except Error:
        if not popup.is_closed():  # by itself, before a busy machine has looked
            raise


def attempt_of(page: Page) -> str:
    """The id of the attempt that was begun last."""
    return str(page.evaluate("new URL(ear.opened.at(-1)[0]).searchParams.get('attempt')"))


def ends(page: Page) -> list[str]:
    """How the journeys of this page ended."""
    return [str(each) for each in page.evaluate("ear.results.map(({ status }) => status)")]


def wait_for_end(page: Page, end: str) -> None:
    """Wait for the one end of the one journey."""
    page.wait_for_function("ear.results.length > 0")
    assert ends(page) == [end]
    assert page.evaluate(STATE) == end


def status_calls(page: Page) -> list[str]:
    """Every call of the status endpoint from now on."""
    calls: list[str] = []
    page.on("request", lambda asked: calls.extend([asked.url] if "/status" in asked.url else []))
    return calls


def framed(page: Page, url: str, sandbox: str | None = None) -> Frame:
    """A frame on *url*, put into *page*."""
    page.evaluate(
        """([url, sandbox]) => new Promise((done) => {
          const frame = document.createElement("iframe");
          if (sandbox) frame.sandbox = sandbox;
          frame.onload = done;
          frame.src = url;
          document.body.append(frame);
        })""",
        [url, sandbox],
    )
    return page.frames[-1]
