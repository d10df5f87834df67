"""``deliver="access_token"``, in a browser: to the page that opened the popup, and nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from playwright.sync_api import Browser, Page

from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.flask import HubSpotAuth

PAGE = (Path(__file__).parent / "deliver.html").read_text()
EVERYTHING = "JSON.stringify([heard, overheard, {...localStorage}, {...sessionStorage}])"
TOLD = "() => window.heard.some((data) => data.type === 'access_token')"


@pytest.fixture
def url(broker: Broker, port: int) -> Iterator[str]:
    """An app that delivers, answering; its address."""
    app = Flask("delivers")
    app.secret_key = "of-the-app"
    app.add_url_rule("/", "front", lambda: render_template_string(PAGE))
    HubSpotAuth(app, broker, owner=lambda: "ada", deliver="access_token")
    with Listener(app, broker, host="127.0.0.1", port=port):
        yield broker.settings.public_url


@pytest.fixture
def page(url: str, chromium: Browser) -> Iterator[Page]:
    """The page that wants it."""
    context = chromium.new_context(base_url=url)
    page = context.new_page()
    page.goto("/")
    yield page
    context.close()


def agree(page: Page, button: str) -> Page:
    """Click the *button* and agree; the popup."""
    with page.expect_popup() as opened:
        page.click(button)
    opened.value.click("button[value=approve]")
    return opened.value


def test_the_page_asks_the_server(page: Page, broker: Broker) -> None:
    """``connect()`` brings the access token and its life; no message carries it."""
    agree(page, "#ask")
    page.wait_for_function("() => window.result")
    result, token = page.evaluate("result"), broker.access_token("ada")

    assert result["status"] == "connected"
    assert result["access_token"] == token
    assert 1700 < result["expires_in"] <= 1800
    assert "refresh_token" not in result
    assert token not in page.evaluate(EVERYTHING)


def test_the_popup_hands_it_to_the_page_that_asks(page: Page, broker: Broker) -> None:
    """By message to the one origin, once the opener has said that it wants it."""
    agree(page, "#listen")
    page.wait_for_function(TOLD)
    heard, token = page.evaluate("heard"), broker.access_token("ada")

    assert [each["access_token"] for each in heard if each["type"] == "access_token"] == [token]
    assert [each for each in heard if each["type"] == "result" and token in str(each)] == []
    assert token not in page.evaluate("overheard.join() + JSON.stringify({...localStorage})")
