"""Names of HubSpot apps: what can be one, and which can stand beside one another."""

from collections.abc import Callable

import pytest
from flask import Flask
from starlette.applications import Starlette

from portalkey.broker import Broker
from portalkey.errors import BadSettings
from portalkey.fastapi import HubSpotAuth as FastAPIAuth
from portalkey.flask import HubSpotAuth as FlaskAuth
from portalkey.flask.hubspot_auth import hubspot_connect_url
from portalkey.settings import Settings
from portalkey.web import headers
from portalkey.web.app_names import require_apart, require_known, require_name, root_of
from portalkey.web.host import (
    BROWSER_KEY,
    CONNECTIONS_KEY,
    browser_key,
    forget_sign_in,
    identify_visitor,
)


def at(settings: Settings, mount: str) -> Settings:
    """Settings with a redirect URI below *mount*."""
    uri = f"{settings.public_url}{mount}/auth/hubspot/callback"
    return settings.model_copy(update={"redirect_uri": uri})


@pytest.mark.parametrize("name", ["EU", "1", "e u", "eu/../x", "eu.", "-", "e" * 31, None, 1])
def test_a_name_that_cannot_be_one(name: object) -> None:
    """It is part of addresses and of names, so it says what it may have."""
    with pytest.raises(ValueError, match="name must be up to 30 small letters"):
        require_name(name)


@pytest.mark.parametrize("name", ["auth", "api", "connections", "console"])
def test_a_name_that_is_a_path_of_the_first_app(name: str) -> None:
    """Its cookies would be sent to that app's pages."""
    with pytest.raises(ValueError, match=f"name must not be {name}"):
        require_name(name)


def test_two_that_stand_beside_each_other(settings: Settings) -> None:
    """They are below the same root, each at its own prefix."""
    first, eu = at(settings, "/crm"), at(settings, "/crm/eu")

    require_apart("eu", eu, {"": first})
    require_apart("", first, {"eu": eu})

    assert root_of("", first) == root_of("eu", eu) == "/crm"


@pytest.mark.parametrize(
    ("name", "mount", "others", "words"),
    [
        ("eu", "", {"": ""}, "has to end in /eu/auth/hubspot/callback"),
        ("eu", "/eu", {"": "/eu"}, "do not agree on where this app is served"),
        ("eu", "/crm/eu", {"": ""}, "do not agree on where this app is served"),
        ("us", "/crm/us", {"eu": "/eu"}, "of the HubSpot apps eu and us do not agree"),
    ],
)
def test_two_that_would_share_paths_and_cookies(
    settings: Settings, name: str, mount: str, others: dict[str, str], words: str
) -> None:
    """A redirect URI that is not where the routes are is refused, with what it has to be."""
    theirs = {other: at(settings, where) for other, where in others.items()}

    with pytest.raises(BadSettings, match=words):
        require_apart(name, at(settings, mount), theirs)


@pytest.mark.parametrize("name", ["", "eu"])
def test_two_of_one_name(
    name: str, settings: Settings, make_broker: Callable[[Settings], Broker]
) -> None:
    """The second is refused as the app is made, in each framework."""
    broker = make_broker(at(settings, "/eu" if name else ""))
    flask, starlette = Flask("host"), Starlette()
    FlaskAuth(flask, broker, owner=lambda: None, name=name)
    FastAPIAuth(starlette, broker, owner=lambda _: None, name=name)
    words = 'app named "eu" here already' if name else "give this one a name"

    with pytest.raises(ValueError, match=words):
        FlaskAuth(flask, broker, owner=lambda: None, name=name)
    with pytest.raises(ValueError, match=words):
        FastAPIAuth(starlette, broker, owner=lambda _: None, name=name)


def test_a_name_that_is_not_there(
    settings: Settings, make_broker: Callable[[Settings], Broker]
) -> None:
    """Whoever asks for it is told which there are."""
    app = Flask("host", static_folder=None)
    app.secret_key = "of-the-host"
    FlaskAuth(app, make_broker(settings), owner=lambda: None)
    with app.test_request_context(), pytest.raises(LookupError, match="no HubSpot app of the name"):
        hubspot_connect_url(name="us")
    with pytest.raises(LookupError, match="of no name here; there is"):
        require_known("", {"eu": None})


def test_values_of_one_session() -> None:
    """Each app has its own value, another's sign-in changes one, and a sign-out forgets all."""
    session: dict[str, object] = {"user": "ada"}
    first = identify_visitor("ada", session)
    eu = identify_visitor("ada", session, name="eu")
    assert first.browser != eu.browser
    assert (session[BROWSER_KEY], session[browser_key("eu")]) == (first.browser, eu.browser)

    session[CONNECTIONS_KEY] = "kept"
    assert identify_visitor("team-7", session, name="eu").browser != eu.browser
    assert (session[BROWSER_KEY], session[CONNECTIONS_KEY]) == (first.browser, "kept")

    forget_sign_in(session)
    assert session == {"user": "ada"}


def test_headers_below_a_prefix() -> None:
    """Whoever answers at a path of ours, it has our headers."""
    assert headers.of_path("/eu/auth/hubspot/x", "/eu") == headers.POPUP
    assert headers.of_path("/eu/api/hubspot/x", "/eu") == headers.API
    assert headers.of_path("/auth/hubspot/x", "/eu") == {}
