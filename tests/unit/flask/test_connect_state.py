"""``hubspot_connect_state()``: what a host's page says of connections as it is rendered."""

from dataclasses import replace
from typing import cast

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.errors import StoreBusy
from portalkey.vault.store import Store
from portalkey.web.element_state import render_state
from portalkey_simulator import HubSpot
from support.hosting import FIRST, SECOND, connect, host_app, signed_in

PAGE = "<hubspot-connect {{ hubspot_connect_state() }}></hubspot-connect>"


class Busy:
    """A store that answers everything but what is connected."""

    def __init__(self, store: object) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def connections(self, *query: object) -> None:
        """Too many ask."""
        raise StoreBusy


@pytest.fixture
def app(broker: Broker) -> Flask:
    """A host's app with a page of its own."""
    app = host_app(broker)
    app.add_url_rule("/page", "page", lambda: render_template_string(PAGE))
    return app


def state_on(client: FlaskClient) -> str:
    """The attributes on the host's page."""
    page = client.get("/page").text
    return page.removeprefix("<hubspot-connect ").removesuffix("></hubspot-connect>")


def test_nothing_is_connected(app: Flask) -> None:
    """Nothing is said, to whoever is signed in or out."""
    assert state_on(app.test_client()) == state_on(signed_in(app)) == ""


def test_accounts_are_named(app: Flask, hubspot: HubSpot) -> None:
    """All of them, to their owner alone."""
    client = signed_in(app)
    connect(client, hubspot, FIRST)
    first = state_on(client)
    connect(client, hubspot, SECOND)

    assert first == 'data-state="connected" data-account="harbourpine.example"'
    assert 'data-account="harbourpine.example, ' in state_on(client)
    assert state_on(signed_in(app, "bob")) == ""


def test_a_connection_that_hubspot_ended(app: Flask, hubspot: HubSpot) -> None:
    """It is to be connected again."""
    client = signed_in(app)
    connect(client, hubspot, FIRST)
    hubspot.uninstall(FIRST)
    client.get("/api/hubspot/status?check=1")

    assert state_on(client) == 'data-state="needs_reconnect"'


def test_a_name_with_a_quote(app: Flask, hubspot: HubSpot, broker: Broker) -> None:
    """It ends no attribute."""
    connect(signed_in(app), hubspot, FIRST)
    (connection,) = broker.connections("ada")
    account = replace(connection.account, hub_domain='"><script>')

    assert "<script>" not in render_state([replace(connection, account=account)])


def test_a_store_that_is_busy(app: Flask, broker: Broker) -> None:
    """The host's page is shown all the same, and says nothing."""
    broker.wrap_store(lambda store: cast("Store", Busy(store)))

    assert state_on(signed_in(app)) == ""
