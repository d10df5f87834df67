"""The README's picture: the demo's page, HubSpot's popup before it, and the console."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from browser.touring import account, agree, opened, running_demo

WIDE: ViewportSize = {"width": 1180, "height": 800}
POPUP: ViewportSize = {"width": 520, "height": 640}
MOST_BYTES = 300_000
STYLE = (
    "body{margin:0;height:760px;background:#e4e9ec;overflow:hidden}"
    "img{position:absolute;border-radius:10px;box-shadow:0 6px 28px #0005;background:#f6f7f7}"
    "#page{left:24px;top:24px;width:900px}#console{right:24px;bottom:24px;width:640px}"
    "#popup{left:440px;top:352px;width:310px}"
)


@pytest.mark.for_pictures
def test_the_picture_of_the_demo(
    chromium: Browser, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """It shows what is there: the walk itself has taken it."""
    folder = Path(request.config.getoption("--pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    context = chromium.new_context(viewport=WIDE)
    with running_demo(tmp_path) as (url, _):
        page = context.new_page()
        page.goto(f"{url}/")
        take_parts(page, folder)
        context.close()
    picture = compose(chromium, folder)

    assert picture.stat().st_size < MOST_BYTES


def take_parts(page: Page, folder: Path) -> None:
    """Connect two accounts, and let the first one's token be renewed meanwhile."""
    consent = opened(page, "connect")
    consent.set_viewport_size(POPUP)
    consent.locator("button[value=approve]").wait_for()
    consent.screenshot(path=folder / "demo-popup.png")
    agree(consent)
    expect(account(page, "harbourpine.example")).to_contain_text("lives for another")
    agree(opened(page, "lack"))
    expect(account(page, "cornerbakery.example")).to_contain_text("ScopesMissing")
    expect(account(page, "harbourpine.example")).to_contain_text("renewed once")
    console = opened(page, "console")
    console.locator("main button").click()
    console.get_by_role("link", name="harbourpine.example").click()
    console.get_by_role("heading", name="Timeline").wait_for()
    console.set_viewport_size({"width": 900, "height": 640})
    console.screenshot(path=folder / "demo-console.png")
    console.close()
    page.screenshot(path=folder / "demo-page.png")


def compose(chromium: Browser, folder: Path) -> Path:
    """One picture of the three."""
    names = ("page", "console", "popup")
    images = "".join(f"<img id={each} src='demo-{each}.png'>" for each in names)
    html = folder / "demo.html"
    html.write_text(f"<!doctype html><style>{STYLE}</style>{images}")
    page = chromium.new_page(viewport={"width": 1400, "height": 760})
    page.goto(html.resolve().as_uri())
    picture = folder / "demo.png"
    page.screenshot(path=picture)
    page.close()
    html.unlink()
    return picture
