"""The control room in a browser: what is set there happens, and what happens is seen there."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from browser.axe import faults
from portalkey_simulator import ACCOUNTS, HubSpot

SCOPES = "oauth crm.objects.contacts.read e-commerce"


@pytest.fixture
def chromium(shell: Browser) -> Browser:
    """The same engine without its windows: the room is a page."""
    return shell


@pytest.fixture
def app_url(hubspot: HubSpot) -> str:
    """The room stands at the simulator's own address."""
    return hubspot.url


@pytest.fixture
def room(new_context: Callable[..., BrowserContext]) -> Page:
    """The room, as it is once it has looked."""
    page = new_context(reduced_motion="reduce").new_page()
    page.goto("/")
    expect(page.locator("#accounts li b").first).to_have_text(ACCOUNTS[0].name)
    return page


@pytest.fixture
def authorize_url(hubspot: HubSpot) -> str:
    """Asks for what a free account cannot grant."""
    query = {
        "client_id": hubspot.app.client_id,
        "redirect_uri": hubspot.app.redirect_uris[0],
        "scope": SCOPES,
    }
    return f"{hubspot.url}/oauth/authorize?{urlencode(query)}"


def exchanged(hubspot: HubSpot, authorize_url: str) -> httpx2.Response:
    """The answer to a code that somebody agreed to."""
    code = httpx2.URL(hubspot.approve(authorize_url)).params["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": hubspot.app.redirect_uris[0],
        "client_id": hubspot.app.client_id,
        "client_secret": hubspot.app.client_secret,
    }
    return httpx2.post(f"{hubspot.url}/oauth/2026-03/token", data=form)


def test_a_switch_is_set(room: Page, hubspot: HubSpot, complaints: list[str]) -> None:
    """It is set in the simulator, told, and marked; set elsewhere, it is seen in the room."""
    room.get_by_label("cancel_sends").select_option("nothing")
    expect(room.get_by_role("status")).to_have_text('cancel_sends is "nothing".')
    assert hubspot.switches.cancel_sends == "nothing"
    expect(room.locator(".switch.changed code").first).to_have_text("cancel_sends")

    hubspot.switches.drop_state = True
    expect(room.get_by_label("drop_state")).to_be_checked()
    room.get_by_label("drop_state").uncheck()
    expect(room.get_by_role("status")).to_have_text("drop_state is false.")
    assert not hubspot.switches.drop_state
    assert complaints == []


def test_a_number_that_cannot_be(room: Page, hubspot: HubSpot) -> None:
    """The simulator's own sentence says what it can be, and the field goes back to what it is."""
    room.get_by_text("Codes and tokens").click()
    field = room.get_by_label("code_seconds")
    field.fill("-5")
    field.press("Tab")

    expect(room.get_by_role("status")).to_contain_text("a number, 0 or more")
    expect(field).to_have_value("60")
    assert hubspot.switches.code_seconds == 60


def test_a_fault_happens_and_is_gone(room: Page, hubspot: HubSpot, authorize_url: str) -> None:
    """Added by hand, it is listed, meets one real token request, and is not there any more."""
    room.locator("#fault [name=fault]").select_option("refusal")
    room.locator("#fault [name=refusal]").select_option("BAD_HUB")
    room.get_by_role("button", name="Add fault").click()
    expect(room.locator("#faults li b")).to_have_text("refusal")

    assert exchanged(hubspot, authorize_url).json()["status"] == "BAD_HUB"
    expect(room.locator("#faults")).to_have_text("Everything goes well.")
    expect(room.locator("#requests tr").first).to_contain_text("403")
    assert exchanged(hubspot, authorize_url).status_code == 200


def test_a_fault_is_taken_back(room: Page, hubspot: HubSpot) -> None:
    """By its own button, with the keyboard; it was to happen always."""
    room.locator("#fault [name=fault]").select_option("late")
    room.locator("#fault [name=times]").fill("")
    room.locator("#fault [name=seconds]").fill("2.5")
    room.locator("#fault [name=seconds]").press("Enter")
    remove = room.get_by_role("button", name="Remove late at token")
    expect(remove).to_be_visible()
    (rule,) = hubspot.faults.rules
    assert (rule.times, rule.fault.seconds) == (None, 2.5)

    remove.press("Enter")
    expect(room.locator("#faults")).to_have_text("Everything goes well.")


def test_a_client_secret_is_changed(room: Page, hubspot: HubSpot, authorize_url: str) -> None:
    """The page thinks a new one up, which can still be copied afterwards; the old one is over."""
    old = hubspot.app
    room.get_by_text("A secret leaked?").click()
    field = room.get_by_label("New client secret")
    new = field.input_value()
    room.get_by_label("The old one ends").select_option("in an hour")
    room.get_by_role("button", name=f"Change the client secret of {old.name}").click()
    expect(room.get_by_role("status")).to_have_text(
        f"{old.name} has a new client secret. The old one ends in an hour."
    )
    expect(room.locator("#apps")).to_contain_text("its old client secret ends in")
    expect(field).to_have_value(new)
    assert hubspot.app.client_secret == new != old.client_secret
    assert exchanged(hubspot, authorize_url).status_code == 200

    room.get_by_role("button", name="Change the client secret of").click()
    expect(room.get_by_role("status")).to_contain_text("is the app's already")


def test_a_tier_makes_consent_refuse(room: Page, hubspot: HubSpot, authorize_url: str) -> None:
    """An account that is put on another tier cannot grant what it could before."""
    room.get_by_label("Tier").first.select_option("free")
    expect(room.get_by_role("status")).to_have_text(f"{ACCOUNTS[0].name} is changed.")
    assert hubspot.accounts[0].tier == "free"

    consent = room.context.new_page()
    consent.goto(authorize_url)
    consent.click("button[value=approve]")
    expect(consent.locator("#sentence")).to_contain_text("e-commerce")


def test_the_right_to_install_and_further_scopes(room: Page, hubspot: HubSpot) -> None:
    """Both are set by hand, for somebody and for an account."""
    theo = ACCOUNTS[0].users[1]
    room.get_by_label(f"{theo.email} may install apps").check()
    room.get_by_label("Further scopes it lacks").nth(1).fill("tickets  forms")
    room.get_by_label("Further scopes it lacks").nth(1).press("Tab")
    expect(room.get_by_role("status")).to_have_text(f"{ACCOUNTS[1].name} is changed.")

    assert hubspot.accounts[0].users[1].may_install
    assert hubspot.accounts[1].lacks == {"tickets", "forms"}


def test_requests_tokens_and_installs_appear(
    room: Page, hubspot: HubSpot, authorize_url: str
) -> None:
    """What an app does is seen within about a second, without any secret."""
    tokens: dict[str, Any] = exchanged(hubspot, authorize_url).json()
    expect(room.locator("#requests")).to_contain_text("POST /oauth/2026-03/token")
    expect(room.locator("#tokens tr")).to_have_count(2)
    uninstall = room.get_by_role("button", name=f"Uninstall {hubspot.app.name}")
    expect(uninstall).to_be_visible()
    for secret in (tokens["access_token"], tokens["refresh_token"], hubspot.app.client_secret):
        assert secret not in room.content()

    uninstall.click()
    expect(uninstall).to_have_count(0)
    expect(room.locator("#tokens tr")).to_have_count(1)
    room.get_by_role("button", name="Let access tokens end now").click()
    expect(room.locator("#tokens")).to_have_text("None.")
    room.get_by_role("button", name="Clear").click()
    expect(room.locator("#requests")).to_have_text("Nothing was asked yet.")


def test_what_is_asked_again_and_again_is_one_line(room: Page, hubspot: HubSpot) -> None:
    """In a row and with one answer, so that a worker's looks bury nothing; else not."""
    for path in ("one", "one", "one", "two", "one"):
        httpx2.get(f"{hubspot.url}/account-info/2026-09/{path}")

    rows = room.locator("#requests tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).not_to_contain_text("\N{MULTIPLICATION SIGN}")
    expect(rows.nth(2)).to_contain_text("\N{MULTIPLICATION SIGN} 3")


def test_clock_and_reset(room: Page, hubspot: HubSpot) -> None:
    """Time passes at a click; a reset is asked about, and then everything is as at the start."""
    room.get_by_role("button", name="+30 min").click()
    expect(room.locator("#time")).to_contain_text("+1800 s")
    assert hubspot.clock.ahead == 1800

    room.once("dialog", lambda dialog: dialog.dismiss())
    room.get_by_role("button", name="Reset everything").click()
    assert hubspot.clock.ahead == 1800
    room.once("dialog", lambda dialog: dialog.accept())
    room.get_by_role("button", name="Reset everything").click()
    expect(room.get_by_role("status")).to_have_text("Everything is as at the start.")
    assert hubspot.clock.ahead == 0


def test_a_simulator_that_is_gone(room: Page, hubspot: HubSpot) -> None:
    """The room says so, and goes on once it is back."""
    hubspot.stop()
    expect(room.get_by_role("status")).to_have_text("The simulator does not answer.")

    hubspot.start()
    expect(room.get_by_role("status")).to_have_text("")


def test_the_focus_stays(room: Page, hubspot: HubSpot) -> None:
    """Who stands on a field with the keyboard still stands there when the page is drawn anew."""
    room.get_by_label("Tier").nth(1).focus()
    hubspot.switches.drop_state = True
    hubspot._world.set_account(ACCOUNTS[2])
    room.get_by_label("Tier").nth(1).select_option("starter")
    expect(room.get_by_role("status")).to_have_text(f"{ACCOUNTS[1].name} is changed.")

    expect(room.get_by_label("Tier").nth(1)).to_be_focused()


def test_nothing_is_in_anybodys_way(room: Page, hubspot: HubSpot, authorize_url: str) -> None:
    """What axe looks for is not there, in light and dark, at 320 pixels and with large text."""
    exchanged(hubspot, authorize_url)
    hubspot.faults.add("late", times=None, seconds=1)
    expect(room.locator("#faults li b")).to_have_text("late")
    expect(room.locator("#tokens tr")).to_have_count(2)
    for summary in room.locator("summary").all()[1:]:
        summary.click()

    assert faults(room) == ""
