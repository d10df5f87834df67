"""The operator's console in a browser: found, read and ended, with and without scripts."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pydantic import SecretStr

from browser.axe import faults
from portalkey.broker import Broker
from portalkey.cli.server import Listener, create_app
from portalkey.cli.server.console import open_by_link, open_by_password
from portalkey.model.connection import Connection
from portalkey.model.events import EventName
from portalkey.settings import Settings
from portalkey.testing import Ahead
from support.operating import leave_install, live_a_while, make_broker, settings_of
from support.patience import MILLISECONDS
from support.ports import free_port

PAGES = {
    "connections": "",
    "narrowed to an owner": "?owner=ada",
    "nothing found": "?q=nobody",
    "one that was ended": "/connections/{ada}",
    "one that fails": "/connections/{jonas}",
    "one that is disconnected": "/connections/{ravi}",
    "attempts": "/attempts",
    "an attempt": "/attempts?reference={attempt}",
    "no such attempt": "/attempts?reference=nobody",
    "keys": "/keys",
    "health": "/health",
    "about to disconnect": "/connections/{ada}/disconnect",
    "about to uninstall": "/connections/{ada}/uninstall",
    "about to erase": "/erase?owner=ada",
    "about to send": "/owed/{owed}/send",
    "installs": "/installs",
    "about to give back": "/installs/{install}/give-back",
    "a notice": "/nowhere",
}
"""By name, the path of each page."""


@pytest.fixture
def paths(broker: Broker, rows: dict[str, Connection]) -> dict[str, str]:
    """The path of each page by its name, as things stand."""
    ids = {owner: row.id for owner, row in rows.items() if owner.isalpha()}
    attempt, owed = broker.begin("ada", "browser").attempt.id, broker.find_owed()[0].id
    install = leave_install(broker).id
    leave_install(broker, owner="mei.tanaka@quietriver.example")
    return {
        name: f"/console{path.format(**ids, attempt=attempt, owed=owed, install=install)}"
        for name, path in PAGES.items()
    }


@pytest.fixture
def chromium(shell: Browser) -> Browser:
    """The engine without its windows: pages need none."""
    return shell


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an app on a port that is free, at which nobody asks HubSpot for anything."""
    return settings_of(tmp_path, free_port())


@pytest.fixture
def broker(settings: Settings) -> Iterator[Broker]:
    """A broker whose connections have seen something."""
    with closing(make_broker(settings, Ahead())) as broker:
        yield broker


@pytest.fixture
def rows(broker: Broker) -> dict[str, Connection]:
    """Those connections, by owner."""
    ahead = broker.vault.store._database._ahead  # type: ignore[attr-defined]
    return live_a_while(broker, ahead, days=5)


@pytest.fixture
def link(settings: Settings, broker: Broker, rows: object) -> Iterator[str]:
    """The link that opens the console of the app, which runs, once."""
    console, link = open_by_link(broker)
    app = create_app(broker, console=console)
    port = int(settings.public_url.rpartition(":")[2])
    with Listener(app, broker, host="127.0.0.1", port=port):
        yield link


@pytest.fixture
def app_url(settings: Settings) -> str:
    """Where the app is."""
    return settings.public_url


def enter(context: BrowserContext, link: str) -> Page:
    """Come in by the link."""
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button", name="Open the console").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Connections")
    return page


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_operator_finds_and_ends_a_connection(
    new_context: Callable[..., BrowserContext],
    link: str,
    broker: Broker,
    complaints: list[str],
    scripts: bool,  # noqa: FBT001 - one of two ways
) -> None:
    """Search, look at its timeline, disconnect, confirm; the event names the operator."""
    page = enter(new_context(java_script_enabled=scripts), link)
    page.get_by_role("searchbox").fill("veldhuis.example")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="veldhuis.example", exact=True).click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page.locator("ol.pc-line li")).to_have_count(1)
    page.get_by_role("link", name="Disconnect…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Disconnect veldhuis.example?")
    assert len(broker.connections("org_118")) == 1
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_role("status")).to_contain_text("It is disconnected.")

    operator = page.locator(".pc-who bdi").inner_text()
    expect(page.locator("ol.pc-line")).to_contain_text(f"by {operator}")
    assert broker.connections("org_118") == []
    events = broker.find_events(owner="org_118").events
    assert [each.facts for each in events if each.name is EventName.DISCONNECTED] == [
        {"operator": operator}
    ]
    assert complaints == []


def test_a_wrong_word_erases_nobody(
    new_context: Callable[..., BrowserContext], link: str, broker: Broker
) -> None:
    """The page says so and asks again; the right one erases, and the list knows them no more."""
    page = enter(new_context(), link)
    page.goto("/console?owner=sam")
    page.get_by_role("link", name="Erase this owner…").click()
    page.get_by_role("textbox", name="Type").fill("Sam")
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was done.")
    assert broker.connections("sam")
    page.get_by_role("textbox", name="Type").fill("sam")
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("status")).to_contain_text("All that was kept of the owner is erased.")
    page.goto("/console?owner=sam")

    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()


def test_the_keyboard_alone(new_context: Callable[..., BrowserContext], link: str) -> None:
    """Tab and Enter lead through tabs, search and pages, and what has the focus can be seen."""
    page = enter(new_context(), link)
    seen = []
    for _ in range(15):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const it = document.activeElement; const style = getComputedStyle(it);"
            "return [it.innerText || it.name, style.outlineStyle, parseFloat(style.outlineWidth)]}"
        )
        seen.append(str(focused[0]).splitlines()[0])
        assert focused[1] != "none", focused
        assert focused[2] >= 2, focused
    tabs = ["Sign out", "Connections", "Attempts", "Links", "Installs"]
    tabs += ["Keys", "Health", "q", "Search"]
    assert seen[:9] == tabs
    assert [re.sub(r" \d+$", "", each) for each in seen[9:11]] == ["All", "Connected"]
    page.keyboard.press("Shift+Tab")
    page.goto("/console/health")

    expect(page.get_by_role("link", name="Health")).to_have_attribute("aria-current", "page")


def test_signing_out(new_context: Callable[..., BrowserContext], link: str) -> None:
    """The browser can do nothing in the console afterwards, nor show it by the way back."""
    page = enter(new_context(), link)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    answer = page.goto("/console")

    assert answer is not None
    assert answer.status == 404


def test_nothing_is_in_the_way_on_any_page(
    new_context: Callable[..., BrowserContext],
    link: str,
    paths: dict[str, str],
) -> None:
    """Axe, in light and dark, at 320 pixels and with large text."""
    page = enter(new_context(reduced_motion="reduce"), link)
    found = {}
    for name, path in paths.items():
        page.goto(path)
        for summary in page.locator("summary").all():
            summary.click()
        found[name] = faults(page)

    assert {name: each for name, each in found.items() if each} == {}


def test_nothing_is_in_the_way_at_the_door(
    new_context: Callable[..., BrowserContext], link: str
) -> None:
    """With the link that works once."""
    context = new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(link)

    assert faults(page) == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_has_its_picture(
    new_context: Callable[..., BrowserContext],
    link: str,
    paths: dict[str, str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    scheme: str,
) -> None:
    """For looking at; nothing lies beyond the window's edge, wide or narrow."""
    named = request.config.getoption("--pictures", default=None)
    folder = Path(named) if named else tmp_path
    page = enter(new_context(color_scheme=scheme), link)
    page.set_default_timeout(MILLISECONDS)
    for name, path in paths.items():
        page.goto(path)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
            file = f"console-{name.replace(' ', '-')}-{scheme}-{width}.png"
            page.screenshot(path=folder / file, full_page=True)


def test_a_wrong_password_is_said(
    new_context: Callable[..., BrowserContext], settings: Settings, broker: Broker
) -> None:
    """On the form, which keeps the name; and the right one leads in."""
    app = create_app(broker, console=open_by_password(broker, SecretStr("long enough to be one")))
    port = int(settings.public_url.rpartition(":")[2])
    with Listener(app, broker, host="127.0.0.1", port=port):
        page = new_context(reduced_motion="reduce").new_page()
        page.goto("/console")
        page.get_by_label("Your name").fill("grace")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("That is not the password.")
        assert faults(page) == ""
        expect(page.get_by_label("Your name")).to_have_value("grace")
        page.get_by_label("Password").fill("long enough to be one")
        page.get_by_role("button", name="Sign in").click()

        expect(page.get_by_role("heading", name="Nobody has connected yet")).to_be_visible()
