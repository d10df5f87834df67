"""Methods of the Broker for web faces and commands."""

from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest

from portalkey.broker.broker import Broker
from portalkey.errors import NotConnected
from portalkey.model.attempt import Attempt
from portalkey.model.authorization import AuthorizationOptions, Callback, Visitor
from portalkey.vault import Store
from portalkey_simulator import HubSpot


class Overtaken:
    """A store in which somebody else delivers a moment earlier."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def deliver(self, attempt_id: str) -> bool:
        """It is delivered already."""
        return False


@pytest.fixture
def attempt(broker: Broker, hubspot: HubSpot) -> Attempt:
    """Ada's attempt, begun by a page that waits, and connected."""
    options = AuthorizationOptions(opener_origin=broker.settings.public_url)
    started = broker.begin("ada", "browser", options)
    query = parse_qsl(urlsplit(hubspot.approve(started.authorize_url)).query)
    return broker.finish(
        Callback(query, {started.attempt.id: (started.cookie,)}, Visitor("ada", "browser"))
    )


def test_a_token_is_delivered_once(broker: Broker, attempt: Attempt) -> None:
    """The first caller gets it, with the seconds that it lives on."""
    delivered = broker.deliver(attempt)

    assert delivered
    assert delivered.access_token == broker.access_token("ada")
    assert 1700 < delivered.expires_in <= 1800
    assert broker.deliver(broker.vault.store.attempt(attempt.id) or attempt) is None


def test_of_two_who_ask_at_once_one_gets_the_token(broker: Broker, attempt: Attempt) -> None:
    """The store says who came first."""
    broker.wrap_store(lambda store: cast("Store", Overtaken(store)))

    assert broker.deliver(attempt) is None


def test_nothing_is_delivered_of_a_connection_that_is_gone(
    broker: Broker, attempt: Attempt
) -> None:
    """Whoever disconnected meant it."""
    broker.disconnect("ada", attempt.connection_id or "")

    with pytest.raises(NotConnected):
        broker.deliver(attempt)


def test_a_wrapped_store_begins_with_an_empty_cache(broker: Broker, attempt: Attempt) -> None:
    """A token of the old store is not served from the new one."""
    broker.access_token("ada")
    broker.wrap_store(lambda store: store)

    assert not broker._tokens.cached
