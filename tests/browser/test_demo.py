"""The demo's minute, as its own page leads through it, in a process of its own."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser.axe import faults
from browser.touring import account, agree, is_done, opened, running_demo, step
from portalkey.cli.server.owners import PEOPLE

SECONDS = 8
"""Life of a token here: some seconds less to wait for a renewal than where people look on."""
UNINSTALL = "Uninstall Fieldnotes from Harbour & Pine"
FORBIDDEN = 403


@pytest.fixture(scope="module")
def printed() -> list[str]:
    """What the demo printed at its start."""
    return []


@pytest.fixture(scope="module")
def demo(printed: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The demo: its address, and its simulator's."""
    data = tmp_path_factory.mktemp("demo")
    with running_demo(data, "--token-seconds", f"{SECONDS}", lines=printed) as addresses:
        yield addresses


@pytest.fixture
def app_url(demo: tuple[str, str]) -> str:
    """The demo is the app."""
    return demo[0]


@pytest.fixture
def control_room(demo: tuple[str, str]) -> str:
    """The address of the simulator's page."""
    return demo[1]


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """The demo's front page, in a browser that nobody has used."""
    page = new_context().new_page()
    page.goto("/")
    return page


def renewals(control_room: str) -> int:
    """How many renewals HubSpot was asked for, by its own record."""
    requests = httpx2.get(f"{control_room}/control/requests").json()
    return sum(each["form"].get("grant_type") == "refresh_token" for each in requests)


def test_the_terminal_says_what_runs_where(demo: tuple[str, str], printed: list[str]) -> None:
    """App, HubSpot and console are a line each, and no line of them is broken at 80 columns."""
    text = "".join(printed)
    panel = [line for line in printed if line.startswith("│")]

    assert len(panel) == 3
    assert all(len(line.rstrip("\n")) <= 80 for line in panel)
    for address in (demo[0], demo[1], f"{demo[0]}/console"):
        assert f"{address} " in text
    assert printed[-1] == "Ctrl-C ends it.\n"


def test_a_minute_shows_what_is_special(
    page: Page,
    new_context: Callable[..., BrowserContext],
    control_room: str,
    complaints: list[str],
) -> None:
    """Every step is taken by its own button, happens, is seen on the page, and is ticked."""
    sign_in(page, PEOPLE[2])
    agree(opened(page, "connect"))
    is_done(page, "connect")
    watch_the_token(page, control_room)
    lack_and_mend(page)
    uninstall(page)
    be_the_operator(page)
    invite(page, new_context())
    install(page)

    for each in page.locator("[data-step]").all():
        expect(each).to_have_class(re.compile("is-done"))
    assert complaints == []


def sign_in(page: Page, name: str) -> None:
    """Become somebody else; nothing is connected for them."""
    expect(page.get_by_label("Signed in as").locator("option")).to_have_text(PEOPLE)
    page.get_by_label("Signed in as").select_option(name)
    page.get_by_role("button", name="Switch").click()
    expect(page.get_by_text(f"Nothing is connected for {name} yet.")).to_be_visible()


def watch_the_token(page: Page, control_room: str) -> None:
    """The token is asked for again and again, and HubSpot gets a request for each renewal only."""
    expect(account(page, "harbourpine.example")).to_contain_text("renewed once")
    is_done(page, "renew")
    asked, got = map(int, page.locator("[data-part=sum] b").all_text_contents())
    assert 1 <= got <= renewals(control_room) < asked


def lack_and_mend(page: Page) -> None:
    """The account that lacks deals is told what to do; once it has them, asking again helps."""
    agree(opened(page, "lack"))
    bakery = account(page, "cornerbakery.example")
    expect(bakery).to_contain_text("ScopesMissing")
    is_done(page, "lack")

    with page.expect_popup() as window:
        bakery.get_by_role("link", name="the control room").click()
    room = window.value
    room.get_by_label("Further scopes it lacks").nth(2).fill("")
    room.get_by_label("Further scopes it lacks").nth(2).press("Tab")
    expect(room.get_by_role("status")).to_have_text("Corner Bakery is changed.")
    room.close()
    bakery.get_by_role("link", name="ask for it again").click()
    with page.expect_popup() as window:
        page.locator("article.pk-asked hubspot-connect a").click()
    agree(window.value)
    expect(page.locator(".pk-note")).to_be_visible()
    page.get_by_role("link", name="Fieldnotes").click()
    expect(bakery).to_contain_text("lives for another")
    expect(bakery).not_to_contain_text("ScopesMissing")


def uninstall(page: Page) -> None:
    """What is done in the control room is seen on the page, and as an event."""
    room = opened(page, "uninstall")
    room.get_by_role("button", name=UNINSTALL).click()
    expect(room.get_by_role("button", name=UNINSTALL)).to_have_count(0)
    room.close()
    expect(account(page, "harbourpine.example")).to_contain_text("NeedsReconnect")
    happened = page.get_by_role("log").get_by_role("listitem").first
    expect(happened).to_contain_text("Ended by HubSpot")
    is_done(page, "uninstall")


def be_the_operator(page: Page) -> None:
    """The console opens from the page, as often as it is asked for."""
    for _ in range(2):
        console = opened(page, "console")
        console.locator("main button").click()
        expect(console.get_by_role("link", name="cornerbakery.example")).to_be_visible()
        console.close()
    is_done(page, "console")


def invite(page: Page, elsewhere: BrowserContext) -> None:
    """Somebody in another browser connects an account for whoever made the link."""
    step(page, "invite").get_by_role("button").click()
    link = page.get_by_role("textbox").input_value()
    assert faults(page) == ""  # with nearly all that the page can show
    guest = elsewhere.new_page()
    guest.goto(link)
    guest.locator("main button").first.click()
    agree(guest, 1)
    expect(account(page, "nordlicht.example")).to_contain_text("lives for another")
    is_done(page, "invite")


def install(page: Page) -> None:
    """An install waits until somebody says yes to it, in the app."""
    listing = opened(page, "install")
    listing.locator("input[name=hub_id]").first.check()
    with listing.expect_popup() as window:
        listing.get_by_role("button", name="Install app").click()
    agree(window.value)
    with page.expect_popup() as window:
        page.get_by_role("link", name="Look at it").click()
    window.value.locator("main button").first.click()
    expect(account(page, "harbourpine.example")).to_contain_text("lives for another")
    is_done(page, "install")


def test_a_form_of_another_site_does_nothing(app_url: str) -> None:
    """Nobody else's page signs a visitor in, makes a link or opens the console."""
    for path in ("sign-in", "invite", "console"):
        for headers in ({}, {"Origin": "http://evil.test"}, {"Origin": "null"}):
            assert httpx2.post(f"{app_url}/tour/{path}", headers=headers).status_code == FORBIDDEN


def test_the_session_store_has_a_tour_too(
    new_context: Callable[..., BrowserContext], tmp_path: Path, complaints: list[str]
) -> None:
    """There are no links and no journal then, and the next renewal notices an uninstall."""
    options = ("--token-seconds", "4", "--store", "session")
    with running_demo(tmp_path, *options) as (url, _):
        page = new_context().new_page()
        page.goto(f"{url}/")
        agree(opened(page, "connect"))
        expect(account(page, "harbourpine.example")).to_contain_text("renewed")
        room = opened(page, "uninstall")
        room.get_by_role("button", name=UNINSTALL).click()
        expect(account(page, "harbourpine.example")).to_contain_text("NeedsReconnect")
        expect(page.locator("[data-step]")).to_have_count(5)
        assert complaints == []
        page.context.close()
