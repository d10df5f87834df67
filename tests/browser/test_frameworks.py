"""The element inside of what frameworks render: mounted twice, rendered again, taken away."""

import pytest
from flask import Response
from playwright.sync_api import BrowserContext, Page, expect

from browser.frameworks import SCRIPTS
from browser.fronts import CONNECT_JS, element, open_app
from browser.places import Place, at_hubspot, decide, ends

pytest_plugins = ("browser.surroundings",)

OF_THEIR_OWN = ("dev mode", "Feature flags")
HEAR = "addEventListener('hubspot-connect', ({ detail }) => { window.heard = detail.account; })"


@pytest.fixture(params=SCRIPTS)
def tab(request: pytest.FixtureRequest, person: BrowserContext, place: Place) -> Page:
    """A tab on an app that this framework renders."""
    script = Response(SCRIPTS[request.param](), mimetype="text/javascript")
    place.app.add_url_rule("/app.js", "js", lambda: script)
    body = f"<template>{element()}</template><main></main><script src='/app.js'></script>"
    tab = open_app(person, place, head=CONNECT_JS, body=f"<body>{body}</body>")
    tab.wait_for_selector("hubspot-connect[state=idle]")
    return tab


def test_it_lives_in_a_framework(tab: Page, remarks: list[str]) -> None:
    """Rendered again it keeps its row; taken away while it waits and mounted again, it goes on."""
    tab.evaluate(HEAR)
    tab.evaluate("show(true)")
    popup = at_hubspot(tab)
    tab.evaluate("show(true)")
    expect(tab.get_by_role("button", name="Show window")).to_be_visible()
    expect(tab.get_by_role("button", name="Show window")).to_be_focused()
    tab.evaluate("show(false)")
    expect(tab.locator("hubspot-connect")).to_have_count(0)
    tab.evaluate("show(true)")
    expect(tab.locator("hubspot-connect")).to_have_attribute("state", "waiting")
    expect(tab.locator("hubspot-connect > [role=status]")).to_have_count(1)
    decide(popup, "approve")
    expect(tab.locator("hubspot-connect")).to_have_attribute("state", "connected")
    tab.evaluate("show(true)")

    expect(tab.get_by_role("status")).to_have_text("Connected to harbourpine.example")
    assert tab.evaluate("heard") == "harbourpine.example"
    assert ends(tab) == ["connected"]
    assert [each for each in remarks if not any(note in each for note in OF_THEIR_OWN)] == []
