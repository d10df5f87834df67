"""Scopes that nobody has named are unknown, and asked for again; unknown is not none."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from portalkey.broker import Broker
from portalkey.broker.introspect import LEARN_SECONDS
from portalkey.errors import HubSpotUnavailable, ScopesMissing
from portalkey.hubspot.client import Send
from portalkey.hubspot.http import Request, Response
from portalkey.model.authorization import AuthorizationOptions, Callback, Visitor
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.leases import LeaseRequest
from portalkey.settings import Settings
from portalkey.vault.store import Mark
from portalkey_simulator import HubSpot


class Tacit:
    """A way to HubSpot on which nothing names any scopes, while it ``is_tacit``."""

    def __init__(self) -> None:
        self.is_tacit = True

    def through(self, send: Send) -> Send:
        """What stands between a broker and its client."""

        def leave_out(request: Request) -> Response:
            response = send(request)
            if not self.is_tacit or "/oauth/" not in request.url:
                return response
            if request.url.endswith("/introspect"):
                return Response(503, {}, b"")
            body: dict[str, Any] = json.loads(response.body)
            body.pop("scopes", None)
            return replace(response, body=json.dumps(body).encode())

        return leave_out


@pytest.fixture
def tacit() -> Tacit:
    """Nobody names a scope."""
    return Tacit()


@pytest.fixture
def connected(
    settings: Settings, make_broker: Callable[..., Broker], hubspot: HubSpot, tacit: Tacit
) -> Broker:
    """A broker with a connection of which nobody has said what was granted."""
    broker = make_broker(settings, tacit.through)
    started = broker.begin("ada", "browser", AuthorizationOptions())
    _, _, query = hubspot.approve(started.authorize_url).partition("?")
    pairs = [tuple(each.split("=", 1)) for each in query.split("&")]
    cookies = {started.attempt.id: (started.cookie,)}
    broker.finish(Callback([(a, b) for a, b in pairs], cookies, Visitor("ada", "browser")))
    return broker


def the_one(broker: Broker) -> Connection:
    """Ada's connection."""
    (connection,) = broker.connections("ada")
    return connection


def test_unknown_scopes_let_a_call_pass_and_are_asked_for(connected: Broker, tacit: Tacit) -> None:
    """Once HubSpot says them, they hold: what is missing is missing then."""
    assert the_one(connected).scopes is None
    assert the_one(connected).missing_scopes(["oauth"]) == ()
    assert connected.access_token("ada", scopes=["oauth"])
    connected._background.join()
    assert the_one(connected).scopes is None

    tacit.is_tacit = False
    connected.introspector._checked.clear()
    connected.close()
    token = connected.access_token("ada")
    connected._background.join()
    scopes = the_one(connected).scopes
    assert scopes is not None
    assert "oauth" in scopes
    assert connected.access_token("ada", scopes=scopes) == token


def test_hubspot_that_will_not_say_is_left_alone_for_a_while(
    connected: Broker, tacit: Tacit, hubspot: HubSpot, ahead: Any
) -> None:
    """A connection in constant use asks once in ten minutes, not with every look."""
    row = the_one(connected)
    connected.introspector._checked.clear()
    asked = len(hubspot.requests)
    for _ in range(6):
        with suppress(HubSpotUnavailable):
            connected._learn_scopes(row.id)
        ahead.seconds += LEARN_SECONDS / 4

    assert len(hubspot.requests) == asked + 2


def test_a_renewal_that_names_them_is_enough(
    connected: Broker, tacit: Tacit, hubspot: HubSpot, ahead: Any
) -> None:
    """Nobody asks where the answer says it anyway."""
    tacit.is_tacit = False
    ahead.seconds += 1801
    hubspot.clock.move(1801)
    connected.access_token("ada")

    assert the_one(connected).scopes


def test_nobody_who_renews_is_disturbed(connected: Broker, tacit: Tacit) -> None:
    """A grant that is being renewed is left alone; so is one that is gone."""
    tacit.is_tacit = False
    row = the_one(connected)
    connected.vault.store.lease(row, LeaseRequest("somebody", 30.0))
    connected._learn_scopes(row.id)
    connected._learn_scopes("nobody")

    assert the_one(connected).scopes is None
    assert connected.vault.learn_scopes(row, ("oauth",))
    assert not connected.vault.learn_scopes(row, ("others",))
    assert the_one(connected).scopes == ("oauth",)


def test_learning_scopes_heals_nothing(connected: Broker) -> None:
    """Another process may have ended the connection meanwhile; there is no other grant."""
    row = the_one(connected)
    assert connected.vault.store.mark(row, Mark(ConnectionStatus.NEEDS_RECONNECT))

    assert not connected.vault.learn_scopes(row, ("oauth",))
    ended = the_one(connected)
    assert (ended.status, ended.scopes) == (ConnectionStatus.NEEDS_RECONNECT, None)


def test_a_scope_beyond_the_settings_has_a_link_that_asks_for_it(
    connected: Broker, tacit: Tacit
) -> None:
    """A person can grant it, where the link names it; what cannot be a scope has no link."""
    tacit.is_tacit = False
    connected._learn_scopes(the_one(connected).id)

    with pytest.raises(ScopesMissing) as caught:
        connected.access_token("ada", scopes=["oauth", "tickets"])
    with pytest.raises(ScopesMissing) as hopeless:
        connected.access_token("ada", scopes=["tick ets"])

    assert caught.value.scopes == ("tickets",)
    assert "&scopes=tickets&signed=" in (caught.value.reconnect_url or "")
    assert hopeless.value.reconnect_url is None
