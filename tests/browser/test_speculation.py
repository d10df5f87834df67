"""A browser that looks ahead: speculation rules on the page, and the click that comes later."""

import json
from collections.abc import Callable

import pytest
from flask import request
from playwright.sync_api import BrowserContext, Page

from browser.fronts import CONNECT_JS, element, open_app
from browser.places import AGREE, CONNECT, OWNER, Place, at_hubspot, decide, wait_for_end
from support.patience import MILLISECONDS

pytest_plugins = ("browser.surroundings",)


@pytest.fixture
def looks(place: Place) -> list[str]:
    """For what browsers asked ahead, with nobody having clicked."""
    asked: list[str] = []

    def note() -> None:
        if request.path.endswith("/start") and "Sec-Purpose" in request.headers:
            asked.append(request.headers["Sec-Purpose"])

    place.app.before_request_funcs.setdefault(None, []).insert(0, note)
    return asked


def open_eager(person: BrowserContext, place: Place, how: str, mode: str) -> Page:
    """A tab on a page that has everything loaded or rendered ahead that it links to."""
    rules = {how: [{"where": {"href_matches": "/*"}, "eagerness": "immediate"}]}
    script = f'<script type="speculationrules">{json.dumps(rules)}</script>'
    return open_app(person, place, head=CONNECT_JS + script, body=f"<body>{element(mode)}</body>")


def wait_until_asked(tab: Page, looks: list[str], how: str) -> None:
    """Until the browser has looked ahead."""
    for _ in range(int(MILLISECONDS / 50)):
        if any(how in each for each in looks):
            return
        tab.wait_for_timeout(50)
    raise AssertionError(f"no browser looked ahead: {looks}")


@pytest.mark.parametrize("how", ["prefetch", "prerender"])
def test_a_click_after_looking_ahead(
    new_person: Callable[..., BrowserContext], place: Place, looks: list[str], how: str
) -> None:
    """Nothing is begun ahead, and the click leads to HubSpot as if nobody had looked."""
    tab = open_eager(new_person(), place, how, "redirect")
    wait_until_asked(tab, looks, how)
    cookies = tab.context.cookies(f"{place.url}/auth/hubspot/done")
    assert not [each for each in cookies if "attempt" in each["name"]]
    tab.click(CONNECT)
    tab.click(AGREE)

    tab.wait_for_url(f"{place.url}/app")
    assert place.broker.access_token(OWNER)


@pytest.mark.parametrize("how", ["prefetch", "prerender"])
def test_a_popup_after_looking_ahead(
    new_person: Callable[..., BrowserContext], place: Place, looks: list[str], how: str
) -> None:
    """The same in a window of its own."""
    tab = open_eager(new_person(), place, how, "popup")
    wait_until_asked(tab, looks, how)
    decide(at_hubspot(tab), "approve")

    wait_for_end(tab, "connected")
