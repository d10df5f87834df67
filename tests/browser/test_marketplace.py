"""The simulator's marketplace, with a small app on another site."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.axe import faults
from portalkey_simulator import App, HubSpot, running_hubspot
from support.patience import MILLISECONDS, PATIENCE
from support.ports import free_port

STATE = "the state of the app"


class Partner(ThreadingHTTPServer):
    """An app with an install URL; ``is_framable`` decides whether its last step can be framed."""

    hubspot: HubSpot
    app: App
    is_framable = True
    steps: list[dict[str, str]]


class Handler(BaseHTTPRequestHandler):
    """The install URL."""

    server: Partner

    def do_GET(self) -> None:
        """Sign in, or exchange the code, and lead back to HubSpot; or stop for want of a frame."""
        asked = dict(parse_qsl(urlsplit(self.path).query))
        if "returnUrl" not in asked:  # the browser's own request for an icon
            self.send_error(404)
            return
        self.server.steps.append(asked)
        if asked.get("step") == "authorize":
            self._lead(f"{asked['returnUrl']}?{urlencode({'state': STATE})}")
        elif self.server.is_framable:
            exchange(self.server, asked["code"])
            self._lead(asked["returnUrl"])
        else:
            self.send_response(200)
            self.send_header("X-Frame-Options", "DENY")
            self.end_headers()

    def _lead(self, url: str) -> None:
        self.send_response(302)
        self.send_header("Location", url)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def exchange(partner: Partner, code: str) -> None:
    """Ask for the tokens."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": partner.app.install_url,
        "client_id": partner.app.client_id,
        "client_secret": partner.app.client_secret,
    }
    connection = HTTPConnection("localhost", partner.hubspot.port, timeout=PATIENCE)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/oauth/2026-09/token", urlencode(form), headers)
    assert json.load(connection.getresponse())["hub_id"] == 4410002
    connection.close()


@contextmanager
def partner_of(*, partner_sign_in: bool) -> Iterator[Partner]:
    """A simulator and the app, side by side."""
    install_url = f"http://localhost:{free_port()}/install"
    app = App("c", "s", (install_url,), install_url=install_url, partner_sign_in=partner_sign_in)
    port = urlsplit(install_url).port
    with running_hubspot(apps=[app]) as hubspot, Partner(("127.0.0.1", port or 0), Handler) as one:
        one.hubspot, one.app, one.steps = hubspot, app, []
        thread = Thread(target=one.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield one
        one.shutdown()
        thread.join()


@pytest.fixture
def remarks() -> list[str]:
    """What the pages complained of."""
    return []


@pytest.fixture
def tab(chromium: Browser, remarks: list[str]) -> Iterator[Page]:
    """A tab of a new browser."""
    context = chromium.new_context()
    context.set_default_timeout(MILLISECONDS)
    context.on("console", lambda message: remarks.append(message.text))
    yield context.new_page()
    context.close()


def press_install(tab: Page, partner: Partner) -> Page:
    """The window that opens for an account on the listing; to the app it is another site."""
    tab.goto(f"http://127.0.0.1:{partner.hubspot.port}/marketplace/c")
    tab.locator("input[name=hub_id]").nth(1).check()
    with tab.expect_popup() as opened:
        tab.get_by_role("button", name="Install app").click()
    window = opened.value
    expect(window.get_by_text("Nordlicht Werke")).to_be_visible()
    return window


def test_without_partner_sign_in(tab: Page, remarks: list[str]) -> None:
    """The consent leads to the app, and the app leads back to a page that says it is installed."""
    with partner_of(partner_sign_in=False) as partner:
        window = press_install(tab, partner)
        window.get_by_role("button", name="Connect app").click()

        expect(window.get_by_role("heading", name="is installed")).to_be_visible()
        assert [list(one) for one in partner.steps] == [["code", "returnUrl"]]
        tab.reload()
        expect(tab.get_by_text("has it already")).to_have_count(1)
    assert [one for one in remarks if "favicon" not in one] == []


def test_with_partner_sign_in(tab: Page, remarks: list[str]) -> None:
    """The last step runs in a frame on HubSpot's page, of another site, and ends there."""
    with partner_of(partner_sign_in=True) as partner:
        window = press_install(tab, partner)
        window.get_by_role("button", name="Connect app").click()

        frame = window.frame_locator("iframe")
        expect(frame.get_by_role("heading", name="is installed")).to_be_visible()
        assert [one["step"] for one in partner.steps] == ["authorize", "finalize"]
        assert partner.steps[1]["state"] == STATE
        window.get_by_role("link", name="See whether").click()
        expect(window.get_by_role("heading", name="is installed")).to_be_visible()
    assert [one for one in remarks if "favicon" not in one] == []


def test_app_that_refuses_to_be_framed(tab: Page) -> None:
    """The frame stays empty, and the page can tell that nothing is installed."""
    with partner_of(partner_sign_in=True) as partner:
        partner.is_framable = False
        window = press_install(tab, partner)
        # The browser says so once it has asked the app, which may take a while.
        with window.expect_console_message(lambda said: "deny" in said.text.lower()):
            window.get_by_role("button", name="Connect app").click()

        expect(window.get_by_text("refuses to be framed")).to_be_visible()
        window.get_by_role("link", name="See whether").click()
        expect(window.get_by_text("is not installed")).to_be_visible()


def test_nothing_is_in_the_way(tab: Page) -> None:
    """The pages do for everybody, in light and dark, at 320 pixels and with large text."""
    with partner_of(partner_sign_in=True) as partner:
        window = press_install(tab, partner)
        assert faults(tab) == ""
        window.get_by_role("button", name="Connect app").click()
        expect(window.frame_locator("iframe").locator("#installed")).to_be_visible()
        assert faults(window) == ""
