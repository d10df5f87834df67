"""An API whose front end keeps a JWT: there is no session, but the popup's own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser.bearer_api import PASSWORD, make_api, make_front
from browser.places import at_hubspot, decide, open_popup, wait_for_end
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.asgi import uvicorn_serving
from support.patience import PATIENCE
from support.ports import free_port

pytest_plugins = ("browser.surroundings",)

SIGNED_IN = "hubspot-connect > a[href*='/auth/hubspot/start?t=']"


@dataclass(frozen=True)
class Split:
    """Both halves of the app, answering."""

    broker: Broker
    front: str
    api: str


@pytest.fixture
def split(
    settings: Settings,
    hubspot: HubSpot,
    make_broker: Callable[[Settings], Broker],
    port: int,
    tmp_path: Path,
) -> Iterator[Split]:
    """The API under uvicorn and its front end on another origin; HubSpot is another site."""
    other = free_port(port)
    front = f"http://localhost:{other}"
    changes = {
        "app_url": f"http://127.0.0.1:{hubspot.port}",
        "allowed_origins": (settings.public_url, front),
    }
    broker = make_broker(settings.model_copy(update=changes))
    with ExitStack() as stack:
        stack.enter_context(uvicorn_serving(make_api(broker, front, tmp_path), port))
        pages = Listener(make_front(settings.public_url), broker, host="127.0.0.1", port=other)
        stack.enter_context(pages)
        yield Split(broker, front, settings.public_url)


def sign_in(person: BrowserContext, split: Split, name: str) -> Page:
    """A tab of the front end's, in which *name* has signed in by its form."""
    tab = person.new_page()
    tab.goto(f"{split.front}/settings")
    tab.fill("[name=username]", f"{name}@example.com")
    tab.fill("[name=password]", PASSWORD)
    tab.click("text=Log in")
    tab.wait_for_selector(SIGNED_IN)
    return tab


def connect(tab: Page) -> None:
    """Click, agree in the popup, and see the account on the page."""
    popup = at_hubspot(tab)
    decide(popup, "approve")
    wait_for_end(tab, "connected")
    expect(tab.locator(".account")).to_contain_text("harbourpine.example")


def test_a_front_end_with_a_token_connects_and_disconnects(
    person: BrowserContext, split: Split, remarks: list[str]
) -> None:
    """The owner is the user of the token, a UUID, and the app has its access token."""
    tab = sign_in(person, split, "ada")
    connect(tab)
    (owner,) = {each.owner for each in split.broker.find().connections}

    assert len(owner) == 36
    assert split.broker.access_token(owner)
    tab.reload()
    status, link = tab.get_by_role("status"), tab.locator(SIGNED_IN)
    expect(status).to_have_text("Connected to harbourpine.example")
    expect(link).to_be_hidden()
    tab.click("text=Disconnect")
    expect(tab.locator(".account")).to_have_count(0)
    expect(status).to_have_text("")
    expect(link).to_be_visible()
    assert split.broker.connections(owner) == []
    assert remarks == []


def test_whoever_signs_in_next_finds_nothing(person: BrowserContext, split: Split) -> None:
    """Neither the account nor the session of whoever signed out before."""
    tab = sign_in(person, split, "ada")
    connect(tab)
    tab.click("text=Log out")
    tab.wait_for_selector("[name=username]")
    setup = person.request.get(f"{split.api}/connections/setup")
    tab.close()
    theirs = sign_in(person, split, "eve")

    assert setup.status == 401
    expect(theirs.locator(".account")).to_have_count(0)


def test_another_who_signs_in_meanwhile_finishes_nothing(
    person: BrowserContext, split: Split
) -> None:
    """The token of the front end has changed while the popup was at HubSpot."""
    tab = sign_in(person, split, "ada")
    popup = open_popup(tab)
    popup.wait_for_selector("button[value=approve]")
    second = person.new_page()
    second.goto(split.front)
    second.evaluate("localStorage.removeItem('access_token')")
    second.close()
    sign_in(person, split, "eve")
    decide(popup, "approve")

    expect(popup.get_by_role("heading", level=1)).to_have_text("Not connected")
    expect(tab.get_by_role("status")).to_contain_text("Sign in again")
    assert split.broker.find().connections == []


def test_no_session_without_a_token(split: Split) -> None:
    """Nor by a page of another origin: a browser asks before it sends the header."""
    session = f"{split.api}/api/v1/hubspot/session"
    asks = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    with httpx2.Client(timeout=PATIENCE) as http:
        bare = http.post(session)
        forged = http.post(session, headers={"Authorization": "Bearer x.y.z"})
        evil, ours = (
            http.options(session, headers={"Origin": origin, **asks})
            for origin in ("http://evil.example", split.front)
        )

    assert (bare.status_code, forged.status_code) == (401, 403)
    assert "set-cookie" not in {*bare.headers, *forged.headers}
    assert "access-control-allow-origin" not in evil.headers
    assert ours.headers["access-control-allow-origin"] == split.front
