"""Pictures of every page, made by the walk itself, so that none can show what is not there."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from portalkey.broker import Broker
from portalkey.cli.server import Listener, create_app
from portalkey.cli.server.owners import people_of_demo
from portalkey.model.connection import ConnectionStatus
from portalkey.settings import Settings
from portalkey.vault.store import Mark

SIZES: dict[str, ViewportSize] = {
    "wide": {"width": 1100, "height": 760},
    "narrow": {"width": 320, "height": 640},
}
SHEETS = {
    "journey": {
        "1. Click": "setup-empty",
        "2. Agree at HubSpot": "consent-success",
        "3. Connected": "setup-1",
    },
    "pages": {
        "Two accounts": "setup-trouble",
        "Another account than last time": "confirm-account",
        "Disconnecting asks first": "disconnect",
    },
}
"""By the name of a picture in the docs, its parts."""
Scheme = Literal["light", "dark"]
Shot = Callable[[Page, str], None]


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where the pictures go: a folder of the test's, or what ``--pictures`` names."""
    named = request.config.getoption("--pictures", default=None)
    folder = Path(named) if named else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Those of an app that has a name."""
    return settings.model_copy(update={"app_name": "Fieldnotes"})


@pytest.fixture
def app_url(settings: Settings, broker: Broker, port: int) -> Iterator[str]:
    """The app as the demo runs it: whoever is signed in has a name."""
    app = create_app(broker, owners=people_of_demo())
    with Listener(app, broker, host="127.0.0.1", port=port):
        yield settings.public_url


# Two of four show what could break; the others are for looking at.
LOOKS = [
    ("light", "narrow"),
    ("dark", "wide"),
    pytest.param("light", "wide", marks=pytest.mark.for_pictures),
    pytest.param("dark", "narrow", marks=pytest.mark.for_pictures),
]


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
def test_every_page_has_its_picture(
    chromium: Browser, app_url: str, broker: Broker, folder: Path, scheme: Scheme, size: str
) -> None:
    """The whole walk, page by page: nothing lies beyond the window's edge, nothing is empty."""
    context = chromium.new_context(color_scheme=scheme, viewport=SIZES[size])
    taken: list[str] = []

    def shot(page: Page, what: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), what
        assert page.inner_text("h1"), what
        page.screenshot(path=folder / f"{what}-{scheme}-{size}.png", full_page=True)
        taken.append(what)

    journey(context, app_url, broker, shot)
    context.close()
    for name, parts in SHEETS.items():
        assert {*parts.values()} <= {*taken}
        if (scheme, size) == ("light", "wide"):
            compose(chromium, folder, name, parts)


def journey(context: BrowserContext, url: str, broker: Broker, shot: Shot) -> None:
    """Walk through everything, taking a picture at each stop."""
    page = context.new_page()
    page.goto(f"{url}/auth/hubspot/callback?code=x&state=another")
    page.wait_for_url("**/refused")
    shot(page, "refused")
    page.goto(f"{url}/connections/setup")
    shot(page, "setup-empty")
    page.goto(f"{url}/auth/hubspot/start")
    shot(page, "start")
    page.goto(f"{url}/connections/setup")
    connect(page, shot, "deny", "declined")
    shot(page, "setup-declined")
    for number, (account, name) in enumerate(((0, "success"), (2, "success-tier")), 1):
        page.goto(f"{url}/connections/setup")
        connect(page, shot, "approve", name, account)
        expect(page.locator("article")).to_have_count(number)  # the page has come anew by itself
        page.goto(f"{url}/connections/setup")
        shot(page, f"setup-{account + 1}")
    other_account(page, shot)
    page.goto(f"{url}/connections/setup")
    say_all(page)
    shot(page, "setup-open")
    trouble(page, url, broker)
    shot(page, "setup-trouble")
    page.goto(f"{page.url}&language=de")
    shot(page, "setup-trouble-de")
    page.emulate_media(media="print")
    shot(page, "setup-print")
    page.emulate_media(media="screen")
    for language in ("en", "de"):
        page.goto(f"{url}/connections/setup?language={language}")
        wrong_account(page, shot, language)
    page.goto(f"{url}/connections/setup")
    leave(page, shot)
    page.goto(f"{broker.settings.app_url}/")
    page.wait_for_selector("#accounts li")
    shot(page, "control-room")


def say_all(page: Page) -> None:
    """Open what can be opened."""
    for summary in page.locator("summary").all():
        summary.click()


def leave(page: Page, shot: Shot) -> None:
    """Disconnect the first account."""
    page.locator("a.pk-leave").first.click()
    shot(page, "disconnect")
    page.locator("button.pk-danger").click()
    expect(page.locator(".pk-note")).to_be_visible()
    shot(page, "setup-disconnected")


def other_account(page: Page, shot: Shot) -> None:
    """Come back with another account than last time, which is asked about, and leave it."""
    page.evaluate(
        """async () => {
          const { connect_url } = await (await fetch("/api/hubspot/status")).json();
          location.assign(connect_url);
        }"""
    )
    page.wait_for_selector("button[name=decision]")
    decide(page, "approve", 1)
    shot(page, "confirm-account")
    page.locator("button[value=no]").click()
    page.wait_for_url("**/done?*")
    shot(page, "cancelled")


def wrong_account(page: Page, shot: Shot, language: str) -> None:
    """Reconnect one account and come back with another one: in the popup, and in one tab."""
    link = page.locator("article a").first
    with page.expect_popup() as opened:
        link.click()
    come_back_with_another(opened.value)
    shot(opened.value, f"wrong-account-{language}")
    opened.value.close()
    page.locator("article hubspot-connect").first.evaluate("it => { it.dataset.mode = 'redirect' }")
    page.reload()
    page.locator("article hubspot-connect").first.evaluate("it => { it.dataset.mode = 'redirect' }")
    link.click()
    come_back_with_another(page)
    shot(page, f"wrong-account-in-tab-{language}")


def come_back_with_another(page: Page) -> None:
    """Take the account out of HubSpot's address, and choose the second."""
    page.wait_for_selector("button[name=decision]")
    page.goto(re.sub(r"/oauth/\d+/", "/oauth/", page.url))
    decide(page, "approve", 1)


def trouble(page: Page, url: str, broker: Broker) -> None:
    """One connection is failing and one has to be made again; the page leads to that."""
    page.goto(f"{url}/connections/setup")
    owner = page.locator("[data-owner]").get_attribute("data-owner") or ""
    one, other = broker.connections(owner)
    broker.vault.store.mark(
        one, Mark(ConnectionStatus.FAILING, reason="hubspot_unavailable", failures=1)
    )
    broker.vault.store.mark(other, Mark(ConnectionStatus.NEEDS_RECONNECT, reason="needs_reconnect"))
    page.goto(f"{url}/connections/setup?reconnect={other.id}")


def connect(
    page: Page,
    shot: Shot,
    decision: str,
    name: str,
    account: int = 0,
) -> None:
    """Go through the popup."""
    with page.expect_popup() as opened:
        page.locator("hubspot-connect a").first.click()
    popup = opened.value
    popup.wait_for_selector("button[name=decision]")
    shot(page, "setup-waiting")
    shot(popup, f"consent-{name}")
    decide(popup, decision, account)
    shot(popup, name)
    popup.close()


def decide(page: Page, decision: str, account: int) -> None:
    """Choose an account at HubSpot, and answer."""
    page.locator("input[name=hub_id]").nth(account).check()
    page.locator(f"button[value={decision}]").click()
    page.wait_for_selector("h1 >> text=/connect|verbund/i")


def compose(browser: Browser, folder: Path, name: str, parts: Mapping[str, str]) -> None:
    """A picture for the docs: three pages, side by side."""
    figures = "".join(
        f"<figure><figcaption>{title}</figcaption><img src='{part}-light-wide.png'></figure>"
        for title, part in parts.items()
    )
    style = (
        "body{margin:0;padding:24px;display:flex;gap:20px;background:#eef1f4;"
        "font:600 17px system-ui}figure{margin:0;flex:1}figcaption{margin-bottom:10px}"
        "img{width:100%;height:420px;object-fit:cover;object-position:top;background:#f6f7f7;"
        "border-radius:10px;box-shadow:0 2px 14px #0003}img[src^=consent]{object-fit:contain}"
    )
    html = folder / f"{name}.html"
    html.write_text(f"<!doctype html><style>{style}</style>{figures}")
    page = browser.new_page(viewport={"width": 1400, "height": 510})
    page.goto(html.resolve().as_uri())
    page.screenshot(path=folder / f"{name}.png")
    page.close()
    html.unlink()
