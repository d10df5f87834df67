"""Takes pictures of every page, in both colour schemes and three widths: screenshots.py FOLDER."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from portalkey.broker import Broker
from portalkey.cli.demo import demo_settings
from portalkey.server import Listener, create_app
from portalkey.simulator import App, running_hubspot

FLAGS = ["--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
SIZES = {"wide": (1100, 760), "narrow": (320, 640)}
POPUP = (600, 700)
STEPS = ("1. Click", "2. Agree at HubSpot", "3. Connected")


def free_port() -> int:
    """A port that is free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_demo(data: Path) -> Iterator[str]:
    """The demo's app and simulator; the app's address."""
    port, simulator_port = free_port(), free_port()
    settings = demo_settings(data, port, simulator_port)
    secret = settings.client_secret.get_secret_value()
    app = App(settings.client_id, secret, (settings.redirect_uri,))
    broker = Broker.of(settings)
    with (
        running_hubspot(simulator_port, [app]),
        Listener(create_app(broker), broker, host="127.0.0.1", port=port),
    ):
        yield settings.public_url
    broker.close()


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=FLAGS + as_root)


def journey(context: BrowserContext, url: str, shot: Callable[[Page, str], None]) -> None:
    """Walk through everything, taking a picture at each stop."""
    page = context.new_page()
    page.goto(f"{url}/auth/hubspot/callback?code=x")
    shot(page, "refused")
    page.goto(f"{url}/connections/setup")
    shot(page, "setup-empty")
    page.goto(f"{url}/auth/hubspot/start")
    shot(page, "start")
    page.goto(f"{url}/connections/setup")
    connect(page, shot, "deny", "declined")
    shot(page, "setup-declined")
    for account, name in ((0, "success"), (2, "success-tier")):
        page.goto(f"{url}/connections/setup")
        connect(page, shot, "approve", name, account)
        page.goto(f"{url}/connections/setup")
        shot(page, f"setup-{account + 1}")


def connect(
    page: Page, shot: Callable[[Page, str], None], decision: str, name: str, account: int = 0
) -> None:
    """Go through the popup."""
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Connect").click()
    popup = opened.value
    popup.wait_for_selector("button[name=decision]")
    shot(page, "setup-waiting")
    popup.locator("input[name=hub_id]").nth(account).check()
    shot(popup, f"consent-{name}")
    popup.locator(f"button[value={decision}]").click()
    popup.wait_for_selector("h1")
    shot(popup, name)
    popup.close()


def take_all(folder: Path) -> None:
    """Every page, light and dark, wide and narrow; popups at their own size."""
    with running_chromium() as browser:
        for scheme in ("light", "dark"):
            for name, (width, height) in SIZES.items():
                with tempfile.TemporaryDirectory() as data, running_demo(Path(data)) as url:
                    context = browser.new_context(
                        color_scheme=scheme, viewport={"width": width, "height": height}
                    )

                    def shot(page: Page, what: str, suffix: str = f"{scheme}-{name}") -> None:
                        page.screenshot(path=folder / f"{what}-{suffix}.png", full_page=True)

                    journey(context, url, shot)
                    context.close()
        compose(browser, folder)
        browser.close()


def compose(browser: Browser, folder: Path) -> None:
    """The README's picture: the journey in three steps, side by side."""
    files = ("setup-empty-light-wide", "consent-success-light-wide", "setup-1-light-wide")
    figures = "".join(
        f"<figure><figcaption>{step}</figcaption><img src='{file}.png'></figure>"
        for step, file in zip(STEPS, files, strict=True)
    )
    style = (
        "body{margin:0;padding:24px;display:flex;gap:20px;background:#eef1f4;"
        "font:600 17px system-ui}figure{margin:0;flex:1}figcaption{margin-bottom:10px}"
        "img{width:100%;height:420px;object-fit:cover;object-position:top;"
        "border-radius:10px;box-shadow:0 2px 14px #0003}"
    )
    html = folder / "journey.html"
    html.write_text(f"<!doctype html><style>{style}</style>{figures}")
    page = browser.new_page(viewport={"width": 1400, "height": 510})
    page.goto(html.resolve().as_uri())
    page.screenshot(path=folder / "journey.png")
    html.unlink()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    take_all(target)
