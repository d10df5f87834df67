"""What a hostile page, window, message or address can do: nothing.

The numbers are those of the scenarios in ``docs/browsers.md``.
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from browser.places import (
    AGREE,
    CONNECT,
    OWNER,
    STATE,
    Place,
    at_hubspot,
    attempt_of,
    decide,
    framed,
    front,
    wait_for_end,
)
from portalkey_simulator import HubSpot

pytest_plugins = ("browser.surroundings",)

MARK = "zebra"
HOSTILE = {
    "script": f"<script>window.{MARK} = 1</script><img src=x onerror='window.{MARK} = 1'>",
    "quotes": f"\"'`{MARK}</title></body>\" autofocus onfocus=alert(1) x='",
    "separators": f"\u2028{MARK}\u2029\u0000\u202e{{{{ 7 * 7 }}}}",
    "kilobytes": MARK * 1024,  # twice, in an address that a server takes
}


def state_in(popup: Page) -> str:
    """The state that HubSpot was given, as a parameter."""
    (state,) = parse_qs(urlsplit(popup.url).query)["state"]
    return f"state={quote(state)}"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("error", ["access_denied", None])
def test_t23_hostile_error(tab: Page, text: str, error: str | None, remarks: list[str]) -> None:
    """Whatever an error redirect says, nothing of it runs or stands in a page."""
    popup = at_hubspot(tab)
    query = f"error={quote(error or text)}&error_description={quote(text)}&{state_in(popup)}"
    popup.goto(f"{tab.url}auth/hubspot/callback?{query}")
    wait_for_end(tab, "failed")

    for each in (tab, popup):
        assert MARK not in each.content()
        assert MARK not in each.url
        assert each.evaluate(f"window.{MARK}") is None
    assert remarks == []


def test_t32_a_strangers_state(
    new_person: Callable[..., BrowserContext], place: Place, hubspot: HubSpot
) -> None:
    """Consent for a link of somebody else's is refused, and ends nothing for who began it."""
    attacker, victim = front(new_person(), place), front(new_person(), place)
    attacker.goto(f"{place.url}/as/mallory")
    attacker.goto(place.url)
    popup = at_hubspot(attacker)
    victim.goto(popup.url)
    decide(victim, "approve")

    expect(victim.get_by_text("start from the app")).to_be_visible()
    assert hubspot.requests == ()
    assert not place.broker.connections(OWNER)
    assert not place.broker.connections("mallory")

    decide(popup, "deny")
    wait_for_end(attacker, "failed")


@pytest.mark.parametrize("somebody", ["eve", ""], ids=["somebody-else", "nobody"])
def test_t33_the_user_changes_underway(
    tab: Page, person: BrowserContext, place: Place, hubspot: HubSpot, somebody: str
) -> None:
    """Who comes back has to be who set out, or the code is not exchanged."""
    popup = at_hubspot(tab)
    other = person.new_page()
    other.goto(f"{place.url}/as/{somebody}")
    other.close()
    decide(popup, "approve")

    expect(popup.get_by_role("heading", level=1)).to_have_text("Not connected")
    assert hubspot.requests == ()
    assert not place.broker.connections(OWNER)
    assert not place.broker.connections("eve")
    assert "connected" not in tab.evaluate("ear.states")


def test_t37_start_opened_by_an_evil_page(
    tab: Page, person: BrowserContext, place: Place, evil: str
) -> None:
    """Start asks the person first, and whatever they do, the evil opener hears nothing."""
    link = tab.locator(CONNECT).evaluate("link => link.href")
    asked = open_as_evil(person, evil, f"{link}&attempt={'A' * 22}")
    expect(asked.get_by_role("heading", level=1)).to_contain_text("Connect HubSpot to")
    assert place.broker.vault.store.events() == []
    asked.get_by_role("link", name="Continue to HubSpot").click()
    decide(asked, "approve")

    expect(asked.get_by_role("status")).to_contain_text("closes in")
    assert_hears_nothing(asked)


def test_t37_start_told_of_an_evil_page(
    tab: Page, person: BrowserContext, place: Place, evil: str
) -> None:
    """Start begins nothing for an origin that the app does not know, and tells it nothing."""
    link = tab.locator(CONNECT).evaluate("link => link.href")
    refused = open_as_evil(person, evil, f"{link}&attempt={'A' * 22}&origin={evil}")

    expect(refused.get_by_role("heading", level=1)).to_be_visible()
    assert refused.get_by_role("link", name="Continue to HubSpot").count() == 0
    assert place.broker.vault.store.events() == []
    assert_hears_nothing(refused)


def test_t37_done_opened_by_an_evil_page(tab: Page, person: BrowserContext, evil: str) -> None:
    """The page of the end shows itself to this browser, and tells an evil opener nothing."""
    done = connected(tab)
    popup = open_as_evil(person, evil, done)

    expect(popup.get_by_role("status")).to_contain_text("closes in")
    assert_hears_nothing(popup)


def open_as_evil(person: BrowserContext, evil: str, url: str) -> Page:
    """The popup that an evil page opens on *url*, with its scripts loaded."""
    page = person.new_page()
    page.goto(evil)
    with page.expect_popup() as opened:
        page.evaluate("url => { open(url) }", url)
    opened.value.wait_for_url(lambda there: there != "about:blank")
    return opened.value


def assert_hears_nothing(popup: Page) -> None:
    """The evil opener is alive and listens, and the popup has told it nothing."""
    opener = popup.opener()
    assert opener is not None
    popup.evaluate("opener.postMessage('to prove that you listen', '*')")
    opener.wait_for_function("heard.length > 0")
    assert opener.evaluate("heard") == ["to prove that you listen"]


def connected(tab: Page) -> str:
    """Go through the whole journey; the address of its end."""
    popup = at_hubspot(tab)
    decide(popup, "approve")
    wait_for_end(tab, "connected")
    return popup.url


@pytest.mark.parametrize("framer", ["ours", "evil"])
def test_t38_done_in_a_frame(
    tab: Page, person: BrowserContext, place: Place, evil: str, framer: str
) -> None:
    """No page of the chain can be framed, not even by our own."""
    done, link = connected(tab), tab.locator(CONNECT).evaluate("link => link.href")
    page = person.new_page()
    page.goto({"ours": f"{place.url}/as/ada", "evil": evil}[framer])

    for url in (done, link, f"{place.url}/auth/hubspot/callback?state=x&code=x"):
        framed(page, url).wait_for_url(re.compile("^chrome-error:"), wait_until="commit")


def test_t38_done_in_a_frame_that_nobody_refused(
    tab: Page, person: BrowserContext, place: Place
) -> None:
    """In a frame, the script of the page of the end does nothing."""
    done = connected(tab)
    page = person.new_page()
    page.route("**/auth/hubspot/done*", without_policies)
    page.goto(f"{place.url}/as/ada")
    page.evaluate(
        """name => {
          rings = [];
          new BroadcastChannel(name).onmessage = ({ data }) => rings.push(data);
          onmessage = ({ data }) => rings.push(data);
          onstorage = ({ key }) => rings.push(key);
        }""",
        f"portalkey:{parse_qs(urlsplit(done).query)['attempt'][0]}",
    )
    with page.expect_response("**/done.js"):
        frame = framed(page, done)

    expect(frame.get_by_role("heading", level=1)).to_contain_text("Connected to ")
    assert frame.get_by_role("button").count() == 0
    assert page.evaluate("rings") == []
    person.new_page().goto(done)
    page.wait_for_function("rings.length > 0")


def without_policies(route: Route) -> None:
    """Let the answer through as a proxy might that drops what it does not know."""
    answer = route.fetch()
    dropped = {"content-security-policy", "x-frame-options"}
    kept = {name: value for name, value in answer.headers.items() if name not in dropped}
    route.fulfill(response=answer, headers=kept)


def test_t39_names_of_windows(tab: Page) -> None:
    """Each popup has a fresh name of 128 random bits, which says nothing."""
    for _ in range(5):
        popup = at_hubspot(tab)
        tab.get_by_role("button", name="Cancel").click()
        tab.wait_for_function(f"{STATE} === 'cancelled'")
        if not popup.is_closed():
            popup.close()
    opened = tab.evaluate("ear.opened")

    names = {name for _, name, _ in opened}
    assert len(names) == 5
    assert all(re.fullmatch(r"[\w-]{22}", name) for name in names)
    assert not [name for name in names for url, _, _ in opened if name in url]


def test_t39_an_evil_window_of_a_guessed_name(
    person: BrowserContext, place: Place, evil: str
) -> None:
    """A window that somebody made ready under a guessed name stays as it is."""
    here = f"{place.url}/as/ada"
    page = open_as_evil(person, evil, place.url)
    opener = page.opener()
    assert opener is not None
    first = at_hubspot(page)
    used = page.evaluate("ear.opened[0][1]")
    first.close()
    guesses = {
        name: window_of(opener, here, name)
        for name in (used, attempt_of(page), "portalkey", "hubspot", "hubspot-connect", "_hubspot")
    }
    page.get_by_role("button", name="Start again").click()
    page.wait_for_function("ear.opened.length === 2")
    page.wait_for_event("popup") if len(person.pages) < len(guesses) + 3 else None

    assert {each.url for each in guesses.values()} == {here}
    # Aimed at, such a window would have been hit.
    page.evaluate("name => { open('/as/ada?hit', name) }", used)
    guesses[used].wait_for_url("**/as/ada?hit")


def window_of(opener: Page, url: str, name: str) -> Page:
    """A window of this *name*, made by *opener*."""
    with opener.expect_popup() as opened:
        opener.evaluate("([url, name]) => { open(url, name) }", [url, name])
    return opened.value


EVIL_PATHS = ["https://evil.test/", "//evil.test", "/\\evil.test", "\\\\evil.test", "/\t/evil.test"]


@pytest.mark.parametrize("path", EVIL_PATHS)
def test_t40_next_in_the_address(tab: Page, place: Place, path: str) -> None:
    """Only the app says where to lead back to, and it cannot say another site."""
    link = tab.locator(CONNECT).evaluate("link => link.href")
    tab.goto(f"{link}&next={quote(path)}")
    decide_here(tab)

    assert tab.url.startswith(f"{place.url}/")
    links = tab.evaluate("[...document.links].map((link) => link.origin)")
    assert set(links) == {place.url}


def decide_here(tab: Page) -> None:
    """Agree in a journey that goes through this tab, and wait for where it leads."""
    tab.click(AGREE)
    tab.wait_for_function("document.querySelector('hubspot-connect, [role=status]') !== null")


@pytest.mark.parametrize("path", EVIL_PATHS)
def test_t40_next_by_the_app(tab: Page, place: Place, path: str) -> None:
    """Only the app says where to lead back to, and it cannot say another site."""
    place.next = path
    answer = tab.reload()

    assert answer is not None
    assert answer.status == 500
    assert "evil" not in tab.content()
