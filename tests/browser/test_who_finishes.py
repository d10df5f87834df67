"""Who begins also finishes: a shared machine, where signing out leaves the session as it is."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, render_template_string
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from browser.engines.base import Engine, Window
from browser.journey import AGREE, HEADING, STATE, open_popup, starred
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.flask import HubSpotAuth
from portalkey.settings import Settings

TEAM = "acme"
PAGE = """<p>{{ current_user.get_id() }}
<script type="module" src="{{ url_for('hubspot_auth.static', filename='connect.js') }}"></script>
<hubspot-connect data-mode="popup"><a href="{{ hubspot_connect_url(next='/') }}">Connect</a>
</hubspot-connect>"""
SIGN_IN = "fetch('/login/%s').then(() => { window.%s = true })"
SENTENCE = "document.body.textContent"
IS_READY = "document.querySelector('hubspot-connect[state]') !== null"
"""Before that a click is the link's own, and leads on in this tab."""


class User(UserMixin):  # type: ignore[misc]
    """A member of the team."""

    def __init__(self, name: str) -> None:
        self.id = name


@pytest.fixture
def shared(
    settings: Settings, make_broker: Callable[[Settings], Broker], port: int
) -> Iterator[tuple[str, Broker]]:
    """The team's app, answering, with Flask-Login; and its broker."""
    broker, app = make_broker(settings), Flask("shared")
    app.secret_key = "of-the-host"
    LoginManager(app).user_loader(User)
    app.add_url_rule("/login/<name>", "login", lambda name: str(logout_and_in(name)))
    app.add_url_rule("/", "front", lambda: render_template_string(PAGE))
    HubSpotAuth(
        app,
        broker,
        owner=lambda: TEAM if current_user.is_authenticated else None,
        person=lambda: str(current_user.get_id()),
    )
    with Listener(app, broker, host="127.0.0.1", port=port):
        yield settings.public_url, broker


def logout_and_in(name: str) -> bool:
    """Sign out whoever is signed in, and *name* in, within one session."""
    logout_user()
    return bool(login_user(User(name)))


def front(engine: Engine, url: str) -> Window:
    """The app's own page, with Ada signed in."""
    page = engine.open(f"{url}/login/ada")
    page.evaluate("location.assign('/')")
    page.wait_for(IS_READY)
    return page


@starred
@pytest.mark.parametrize(("name", "says"), [("ada", "signed in again"), ("bob", "somebody else")])
def test_a_popup_comes_back_to_another_sign_in(
    engine: Engine, shared: tuple[str, Broker], name: str, says: str
) -> None:
    """Who signed in meanwhile, whether or not it is the same person, is not connected by it."""
    url, broker = shared
    page = front(engine, url)
    popup = open_popup(engine, page)
    page.evaluate(SIGN_IN % (name, "over"))
    page.wait_for("window.over")
    popup.click(AGREE)
    popup.wait_for(f"{HEADING} === 'Not connected'")

    assert says in str(popup.evaluate(SENTENCE))
    assert broker.connections(TEAM) == []


@starred
def test_a_popup_comes_back_to_the_same_sign_in(engine: Engine, shared: tuple[str, Broker]) -> None:
    """With nobody in between, the popup closes and the page shows *connected*."""
    url, broker = shared
    page = front(engine, url)
    popup = open_popup(engine, page)
    popup.click(AGREE)
    page.wait_for(f"{STATE} === 'connected'")
    popup.wait_until_closed()

    assert broker.access_token(TEAM)
