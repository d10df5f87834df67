"""An app inside of a frame of another site, as a card in HubSpot's CRM has it."""

from collections.abc import Callable, Iterator

import pytest
from flask import redirect, request, session
from flask.typing import ResponseReturnValue
from playwright.sync_api import BrowserContext, Frame, Page, expect

from browser.places import AGREE, OWNER, Place, framed, open_popup
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.flask import HubSpotAuth
from portalkey.settings import Settings

pytest_plugins = ("browser.surroundings",)

CHIPS = {
    "SESSION_COOKIE_SAMESITE": "None",
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_PARTITIONED": True,
}
SIGN_IN = """<!doctype html><title>Sign in</title>
<form method=post><button>Sign in as Ada</button></form>"""


class Card(Place):
    """A place with a sign-in, whose session's cookie goes along into frames, one for each site."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self.app.config.update(CHIPS)
        self.app.add_url_rule("/sign-in", "sign_in", self._sign_in_here, methods=["GET", "POST"])

    def protect(self, broker: Broker) -> None:
        """Nobody is signed in before they did so here."""
        HubSpotAuth(
            self.app,
            broker,
            owner=lambda: session.get("user"),
            person=lambda: session.get("user"),
            login_url="/sign-in",
        )

    def _sign_in_here(self) -> ResponseReturnValue:
        if request.method == "GET":
            return SIGN_IN
        session["user"] = OWNER
        return redirect(request.args["next"])


@pytest.fixture
def place(
    settings: Settings, make_broker: Callable[[Settings], Broker], port: int
) -> Iterator[Card]:
    """The app on ``localhost``; HubSpot, and the page around the frame, are another site."""
    elsewhere = settings.app_url.replace("localhost", "127.0.0.1")
    broker = make_broker(settings.model_copy(update={"app_url": elsewhere}))
    card = Card(broker)
    with Listener(card.app, broker, host="127.0.0.1", port=port):
        yield card


def open_card(person: BrowserContext, place: Place, evil: str, sandbox: str | None) -> Frame:
    """The app in a frame of another site, in which Ada has signed in."""
    tab = person.new_page()
    tab.goto(evil)
    frame = framed(tab, f"{place.url}/sign-in?next=/", sandbox)
    frame.get_by_role("button").click()
    frame.wait_for_selector("hubspot-connect[state=idle]")
    return frame


def go_on(window: Page) -> None:
    """Sign in there, as the window has a session of its own; say yes, and agree at HubSpot."""
    window.get_by_role("button", name="Sign in as Ada").click()
    asked = window.get_by_role("link", name="Continue to HubSpot")
    expect(asked.or_(window.locator(AGREE))).to_be_visible()
    if asked.is_visible():
        asked.click()
    window.click(AGREE)


def test_a_session_of_the_frames_own(person: BrowserContext, place: Card, evil: str) -> None:
    """The person connects in the popup, in another session, and the frame learns the end."""
    frame = open_card(person, place, evil, None)
    popup = open_popup(frame.page, frame)
    go_on(popup)

    expect(frame.get_by_role("status")).to_have_text("Connected to HubSpot")
    assert place.broker.access_token(OWNER)


def test_a_sandbox_without_windows(person: BrowserContext, place: Card, evil: str) -> None:
    """It gives the address to open by hand, begins nothing before, and learns the end."""
    sandbox = "allow-scripts allow-same-origin allow-forms"
    frame = open_card(person, place, evil, sandbox)
    frame.click("hubspot-connect > a")
    note = frame.get_by_role("alert")
    expect(note).to_contain_text("No window opens from here. Open this address in a browser tab")
    expect(frame.get_by_role("button")).to_have_text(["Copy link", "Start again", "Cancel"])
    expect(frame.get_by_role("button").first).to_be_focused()
    address = note.locator("strong").inner_text()
    assert "t=" not in address.partition("?")[2].split("&")
    frame.get_by_role("button", name="Copy link").click()
    expect(note).to_have_text("Link copied. Open it in a browser tab.")
    window = person.new_page()
    window.goto(address)
    go_on(window)

    expect(frame.get_by_role("status")).to_have_text("Connected to HubSpot")
    assert place.broker.access_token(OWNER)


def test_a_journey_in_this_tab_from_a_frame(
    new_person: Callable[..., BrowserContext], place: Card, evil: str
) -> None:
    """On a phone it is a window as well: in the frame, HubSpot would show an error."""
    phone = new_person(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    frame = open_card(phone, place, evil, None)

    go_on(open_popup(frame.page, frame))
    expect(frame.get_by_role("status")).to_have_text("Connected to HubSpot")
