"""The setup page and the popup's last page, in every state of a connection."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.settings import Settings
from portalkey.testing import Ahead
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
    leave_form,
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
    """It comes first, is marked, and its sentence, which takes the focus, says what to do."""
    mark(broker, two[1], "needs_reconnect", "needs_reconnect")
    page = page_of(client, f"{SETUP}?reconnect={two[1].id}")
    note = page.select_one("[autofocus]")

    assert [str(SECOND) in card.text for card in cards(page)] == [True, False]
    assert ["pk-asked" in card["class"] for card in cards(page)] == [True, False]
    assert note is not None
    assert (note.name, note["tabindex"]) == ("p", "-1")
    assert "Reconnect and choose the same account" in said(note)


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
    ("connected", "", "Connected", "quiet", ""),
    ("failing", "hubspot_unavailable", "Connected, retrying", None, "keeps trying by itself"),
    ("failing", "hubspot_refused", "Connected, retrying", None, "Whoever runs the app"),
    ("failing", "newer", "Connected, retrying", None, "keeps trying by itself"),
    ("needs_reconnect", "inactive", "Reconnect needed", "filled", "HubSpot ended"),
    ("needs_reconnect", "no_key_opens", "Reconnect needed", "filled", "The app cannot open"),
    ("needs_reconnect", "newer", "Reconnect needed", "filled", "HubSpot ended"),
]


@pytest.mark.parametrize(("status", "reason", "says", "reconnect", "why"), STATES)
def test_each_state_says_what_to_do(
    client: FlaskClient,
    broker: Broker,
    two: tuple[Connection, Connection],
    status: str,
    reason: str,
    says: str,
    reconnect: str | None,
    why: str,
) -> None:
    """Reconnect stands out where the person has to act, and is not there where it cannot help."""
    if status != "connected":
        mark(broker, two[1], status, reason)
    page = page_of(client)
    card = next(each for each in cards(page) if str(SECOND) in each.text)
    link = card.select_one("hubspot-connect a")

    assert said(card.select_one(".pk-status")) == says
    assert why in said(card)
    assert (link is not None) is (reconnect is not None)
    assert len(filled(page)) == (reconnect == "filled")
    assert link is None or (link in filled(page)) is (reconnect == "filled")


def filled(page: Tag) -> list[Tag]:
    """The buttons that stand out."""
    return [each for each in page.select(".pk-button") if "pk-quiet" not in each["class"]]


def test_those_that_need_somebody_come_first(
    client: FlaskClient, broker: Broker, two: tuple[Connection, Connection]
) -> None:
    """One button stands out, however many of them there are."""
    mark(broker, two[1], "needs_reconnect", "inactive")
    page = page_of(client)
    assert [str(SECOND) in card.text for card in cards(page)] == [True, False]
    assert len(filled(page)) == 1

    mark(broker, two[0], "needs_reconnect", "inactive")
    assert len(filled(page_of(client))) == 1


def test_disconnecting_asks_first(
    client: FlaskClient, broker: Broker, two: tuple[Connection, Connection]
) -> None:
    """What ends, what stays and how to undo it stand before the one red button; or nothing ends."""
    link = cards(page_of(client))[0].select_one("a.pk-leave")
    assert link is not None
    page = page_of(client, f"{link['href']}?language=en")
    (button,) = filled(page)

    assert said(page.h1) == f"Disconnect {two[0].account.hub_domain}?"
    assert [said(each) for each in page.select("dt")] == ["What ends", "What stays", "To undo"]
    assert (said(button), "pk-danger" in button["class"]) == ("Disconnect", True)
    assert link_named(page, "Keep it connected") == f"{SETUP}?language=en"
    assert not page.select("script")
    assert len(broker.connections("ada")) == 2


def test_what_was_disconnected_is_said_once(
    client: FlaskClient, broker: Broker, two: tuple[Connection, Connection], ahead: Ahead
) -> None:
    """By what the store has of it, to its owner, and as long as it is news."""
    form = leave_form(client)
    back = client.post(form.pop("action"), data=form).headers["Location"]
    bob = signed_in(host_app(broker), "bob")

    assert said(page_of(client, back).select_one(".pk-note strong")) == (
        f"{two[0].account.hub_domain} was disconnected."
    )
    assert page_of(client).select(".pk-note") == []
    assert page_of(bob, back).select(".pk-note") == []
    assert page_of(client, f"{SETUP}?disconnected={two[1].id}").select(".pk-note") == []
    ahead.seconds = 121
    assert page_of(client, back).select(".pk-note") == []


def test_what_was_connected_is_said_once(
    client: FlaskClient, broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """By the attempt's own row, to the session that began it, and as long as it is news."""
    back = connect(client, hubspot)
    elsewhere = signed_in(host_app(broker))

    assert said(page_of(client, back).select_one(".pk-note strong")).endswith(" is connected.")
    assert page_of(client).select(".pk-note") == []
    assert page_of(elsewhere, back).select(".pk-note") == []
    ahead.seconds = 121
    assert page_of(client, back).select(".pk-note") == []


@pytest.mark.parametrize("odd", ["", "x", "<script>", "%00", "A" * 22, "a" * 65])
def test_no_news_is_made_up(
    client: FlaskClient, two: tuple[Connection, Connection], odd: str
) -> None:
    """What stands in the address is a name to look up, and never shown."""
    for name in ("connected", "disconnected"):
        page = page_of(client, f"{SETUP}?{name}={odd}")

        assert not page.select(".pk-note")
        assert len(cards(page)) == 2


def test_nothing_is_asked_about_what_is_not_there(
    client: FlaskClient, broker: Broker, two: tuple[Connection, Connection]
) -> None:
    """Somebody else's connection and one that has ended get the answer of an unknown one."""
    path = f"{SETUP}/{two[0].id}/disconnect"
    bob = signed_in(host_app(broker), "bob")
    gone = bob.get(path)
    broker.disconnect("ada", two[0].id)

    assert (gone.status_code, client.get(path).status_code) == (404, 404)
    assert "not connected" in client.get(path).text
    assert str(FIRST) not in gone.text
    assert host_app(broker).test_client().get(path).status_code == 401


def test_a_disconnected_account_is_not_listed(
    client: FlaskClient, broker: Broker, two: tuple[Connection, Connection]
) -> None:
    """A connection that has ended is gone."""
    broker.disconnect("ada", two[0].id)

    assert [str(SECOND) in card.text for card in cards(page_of(client))] == [True]


def test_nothing_connected_yet(client: FlaskClient) -> None:
    """One sentence says what connecting gives, and a list what HubSpot will ask."""
    page = page_of(client)

    assert "then works with the data of your account" in page.text
    assert "See contacts and their details" in said(page.select_one(".pk-panel .pk-facts"))
    assert page.select("[title='crm.objects.contacts.read']")
    assert "oauth" not in page.text
    assert [said(each) for each in filled(page)] == ["Connect HubSpot"]
    assert cards(page) == []


def test_a_missing_scope_says_who_may_grant_it(client: FlaskClient, hubspot: HubSpot) -> None:
    """An optional one is one quiet line, which says more to whoever asks."""
    connect(client, hubspot, SMALL)
    page = page_of(client)
    line = page.select_one("article > details")

    assert said(line).startswith("One optional permission is missing: See deals")
    assert "Super Admin" in said(line)
    assert "Not every HubSpot plan" in said(line)
    assert filled(page) == []
    assert said(page.select_one(".pk-chip")) == "not granted"


def test_the_popup_says_what_is_missing(client: FlaskClient, hubspot: HubSpot) -> None:
    """Connected, but with less than was asked for."""
    link = page_of(client).select_one("hubspot-connect a")
    assert link is not None
    done = come_back(client, hubspot, f"{link['href']}&attempt={'A' * 22}", SMALL)

    assert "See deals" in said(page_of(client, done).select_one(".pk-missing"))


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
    come_back(client, hubspot, link_named(page, "Connect the other account as well"), SMALL)
    assert [each.hub_id for each in broker.connections("ada")] == [FIRST, SECOND, SMALL]


def test_another_account_came_back_in_a_popup(
    client: FlaskClient, broker: Broker, hubspot: HubSpot, two: tuple[Connection, Connection]
) -> None:
    """The popup leads to the same two, each by an attempt of its own, for the page behind it."""
    page = wrong_account(client, hubspot, f"&attempt={'A' * 22}")
    links = [str(each["href"]) for each in page.select(".pk-stack a")]
    queries = [dict(parse_qsl(urlsplit(each).query)) for each in links]

    assert f"({FIRST})" in page.text
    assert [said(each) for each in filled(page)] == [f"Reconnect {two[0].account.hub_domain}"]
    assert [each["origin"] for each in queries] == [broker.settings.public_url] * 2
    assert len({"A" * 22, *(each["attempt"] for each in queries)}) == 3
    assert "/done?" in come_back(client, hubspot, links[0], FIRST)


def test_a_page_that_is_to_have_a_token_begins_anew_itself(
    broker: Broker, hubspot: HubSpot
) -> None:
    """It is handed that of an attempt of its own: the popup begins none."""
    client = signed_in(host_app(broker, deliver="access_token"))
    connect(client, hubspot, FIRST)
    page = wrong_account(client, hubspot, f"&attempt={'A' * 22}")

    assert "/auth/hubspot/start" not in str(page)
    assert [said(each) for each in filled(page)] == ["Close window"]


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
