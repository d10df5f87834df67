"""The setup page and the popup's last page, in every state of a connection."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.settings import Settings
from portalkey.vault.store import Mark
from portalkey_simulator import HubSpot
from support.hosting import (
    FIRST,
    SECOND,
    SETUP,
    SMALL,
    cards,
    come_back,
    connect,
    host_app,
    link_named,
    page_of,
    said,
    signed_in,
)


def mark(broker: Broker, connection: Connection, status: str, reason: str) -> None:
    """Say of a connection that it is not well."""
    assert broker.vault.store.mark(connection, Mark(ConnectionStatus(status), reason=reason))


@pytest.fixture
def client(broker: Broker) -> FlaskClient:
    """Ada's browser."""
    return signed_in(host_app(broker))


@pytest.fixture
def two(client: FlaskClient, broker: Broker, hubspot: HubSpot) -> tuple[Connection, Connection]:
    """Ada's two connections."""
    connect(client, hubspot, FIRST)
    connect(client, hubspot, SECOND)
    first, second = broker.connections("ada")
    return first, second


def test_reconnect_leads_to_one_card(
    client: FlaskClient, broker: Broker, two: tuple[Connection, Connection]
) -> None:
    """It comes first, is marked, and a sentence that takes the focus says what to do."""
    mark(broker, two[1], "needs_reconnect", "needs_reconnect")
    page = page_of(client, f"{SETUP}?reconnect={two[1].id}")
    note = page.select_one("[autofocus]")

    assert [str(SECOND) in card.text for card in cards(page)] == [True, False]
    assert ["pk-asked" in card["class"] for card in cards(page)] == [True, False]
    assert note is not None
    assert (note.name, note["tabindex"]) == ("p", "-1")
    assert "has to be connected again" in said(note)


def test_reconnect_leads_to_a_card_that_is_well(
    client: FlaskClient, two: tuple[Connection, Connection]
) -> None:
    """Somebody has done it already: there is nothing to do."""
    page = page_of(client, f"{SETUP}?reconnect={two[0].id}")

    assert "nothing to do" in said(page.select_one("[autofocus]"))


def test_reconnect_of_nothing_is_ignored(
    broker: Broker, two: tuple[Connection, Connection], hubspot: HubSpot
) -> None:
    """An unknown id, somebody else's or a hostile one shows the page as it is."""
    bob = signed_in(host_app(broker), "bob")
    connect(bob, hubspot, FIRST)
    plain = len(cards(page_of(bob)))

    for odd in (two[0].id, "unknown", "%3Cscript%3E", "", "x&reconnect=y"):
        page = page_of(bob, f"{SETUP}?reconnect={odd}")
        assert not page.select("[autofocus], .pk-asked")
        assert len(cards(page)) == plain == 1
        assert "<script>" not in str(page.body)


STATES = [
    ("connected", "", "Connected", True, ""),
    ("failing", "hubspot_unavailable", "Connected, with trouble", True, "keeps trying by itself"),
    ("failing", "hubspot_refused", "Connected, with trouble", True, "Whoever runs the app"),
    ("failing", "newer", "Connected, with trouble", True, "keeps trying by itself"),
    ("needs_reconnect", "inactive", "Has to be connected again", False, "no longer accepts"),
    ("needs_reconnect", "newer", "Has to be connected again", False, "no longer accepts"),
]


@pytest.mark.parametrize(("status", "reason", "says", "is_quiet", "why"), STATES)
def test_each_state_says_what_to_do(
    client: FlaskClient,
    broker: Broker,
    two: tuple[Connection, Connection],
    status: str,
    reason: str,
    says: str,
    is_quiet: bool,  # noqa: FBT001 - pytest passes it
    why: str,
) -> None:
    """Reconnect is on every card; it stands out only where the person has to act."""
    if status != "connected":
        mark(broker, two[0], status, reason)
    card = cards(page_of(client))[0]
    link = card.select_one("hubspot-connect a")

    assert said(card.select_one(".pk-status")) == says
    assert why in said(card)
    assert link is not None
    assert said(link) == "Reconnect"
    assert ("pk-quiet" in link["class"]) is is_quiet


def test_disconnecting_says_first_what_it_does(
    client: FlaskClient, two: tuple[Connection, Connection]
) -> None:
    """The consequences stand before the button."""
    form = cards(page_of(client))[0].form

    assert said(form).endswith("removed in HubSpot. Disconnect")


def test_a_disconnected_account_is_not_listed(
    client: FlaskClient, broker: Broker, two: tuple[Connection, Connection]
) -> None:
    """A connection that has ended is gone."""
    broker.disconnect("ada", two[0].id)

    assert [str(SECOND) in card.text for card in cards(page_of(client))] == [True]


def test_nothing_connected_yet(client: FlaskClient) -> None:
    """One sentence says what connecting gives, and a list what HubSpot will ask."""
    page = page_of(client)

    assert "works with the data of your HubSpot account" in page.text
    assert "crm.objects.contacts.read" in said(page.select_one("details[open] .pk-scopes"))
    assert cards(page) == []


def test_a_missing_scope_says_who_may_grant_it(client: FlaskClient, hubspot: HubSpot) -> None:
    """An optional one may need another edition; the card and the popup name it."""
    connect(client, hubspot, SMALL)
    missing = page_of(client).select_one(".pk-missing")

    assert "crm.objects.deals.read" in said(missing)
    assert "Super Admin" in said(missing)
    assert "editions" in said(missing)


def test_the_popup_says_what_is_missing(client: FlaskClient, hubspot: HubSpot) -> None:
    """Connected, but with less than was asked for."""
    link = page_of(client).select_one("hubspot-connect a")
    assert link is not None
    done = come_back(client, hubspot, f"{link['href']}&attempt={'A' * 22}", SMALL)

    assert "crm.objects.deals.read" in said(page_of(client, done).select_one(".pk-missing"))


def wrong_account(client: FlaskClient, hubspot: HubSpot, query: str = "") -> BeautifulSoup:
    """Reconnect the first account and come back with the third; the page at the end."""
    link = cards(page_of(client))[0].select_one("hubspot-connect a")
    assert link is not None
    return page_of(client, come_back(client, hubspot, f"{link['href']}{query}", SMALL))


def test_another_account_came_back_in_one_tab(
    client: FlaskClient, broker: Broker, hubspot: HubSpot, two: tuple[Connection, Connection]
) -> None:
    """The page names the one that was meant, and leads to it or to a further one."""
    page = wrong_account(client, hubspot, "&language=en")
    name = two[0].account.hub_domain

    assert f"{name} ({FIRST})" in page.text
    again = client.get(link_named(page, f"Reconnect {name}")).headers["Location"]
    assert str(FIRST) in again
    come_back(
        client, hubspot, link_named(page, "Connect the other account as a further one"), SMALL
    )
    assert [each.hub_id for each in broker.connections("ada")] == [FIRST, SECOND, SMALL]


def test_another_account_came_back_in_a_popup(
    client: FlaskClient, hubspot: HubSpot, two: tuple[Connection, Connection]
) -> None:
    """The page that waits begins the next attempt, so the popup says which button to press."""
    page = wrong_account(client, hubspot, f"&attempt={'A' * 22}")

    assert f"({FIRST})" in page.text
    assert "press “Reconnect”" in page.text
    assert not [each for each in page.find_all("a") if "/start" in str(each["href"])]


def test_whoever_signed_in_since_gets_no_links(
    client: FlaskClient, hubspot: HubSpot, two: tuple[Connection, Connection]
) -> None:
    """The links would connect for somebody else than the page is about."""
    link = cards(page_of(client))[0].select_one("hubspot-connect a")
    assert link is not None
    done = come_back(client, hubspot, str(link["href"]), SMALL)
    client.get("/login/bob")

    assert "/auth/hubspot/start" not in client.get(done).text


def test_a_hostile_owner_stays_text(
    settings: Settings, make_broker: Callable[[Settings], Broker]
) -> None:
    """Whatever the host calls its users."""
    app = Flask("host")
    app.secret_key = "x"
    hostile = '"><script>alert(1)</script>'
    HubSpotAuth(app, make_broker(settings), owner=lambda: hostile)
    page = page_of(app.test_client())

    assert page.select_one("[data-owner]")["data-owner"] == hostile  # type: ignore[index]
    assert not page.select("script:not([src])")


def test_unknown_scopes_are_said_to_be_unknown(
    client: FlaskClient, broker: Broker, two: tuple[Connection, Connection]
) -> None:
    """Neither the page nor the API takes them for none."""
    bare = replace(two[0], scopes=None, generation=two[0].generation + 1)
    assert two[0].sealed
    assert broker.vault.store.renew(bare, instead_of=two[0].sealed.fingerprint)

    assert "has not said yet which permissions" in said(cards(page_of(client))[0])
    listed = client.get("/api/hubspot/connections", headers={"Sec-Fetch-Site": "same-origin"}).json
    assert listed is not None
    facts = listed["connections"][0]
    assert (facts["scopes"], facts["missing_scopes"]) == (None, [])
