"""Scopes that one connect asks for beyond the settings': asked for, kept, and never a visitor's."""

import base64
import json
import re
from urllib.parse import urlsplit

import pytest

from portalkey.broker import Broker
from portalkey.errors import ScopesMissing
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.visitor import Visitor, query_of

TICKETS, LISTS = "tickets", "crm.lists.read"


@pytest.fixture
def link(visitor: Visitor, broker: Broker) -> str:
    """The link on the setup page, once the visitor has needed tickets and not had them."""
    visitor.connect()
    return follow(visitor, lack(broker, visitor.owner, TICKETS))


def lack(broker: Broker, owner: str, *scopes: str) -> str:
    """Ask for a token for *scopes*; the address that the error names."""
    with pytest.raises(ScopesMissing) as caught:
        broker.access_token(owner, scopes=scopes)
    assert caught.value.reconnect_url
    return caught.value.reconnect_url


def follow(visitor: Visitor, address: str) -> str:
    """The link to reconnect on the page at *address*."""
    page = visitor.get(address.removeprefix(visitor.app_url))
    found = re.search(r'href="(/auth/hubspot/start[^"]+)" aria-label="Reconnect', page.text)
    assert found, page.text
    return found[1]


def begin(visitor: Visitor, link: str) -> str:
    """Click *link*; where it leads to at HubSpot."""
    answer = visitor.get(link, sec_fetch_site="same-origin")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def reconnect(visitor: Visitor, link: str) -> None:
    """Go through the journey that *link* begins."""
    assert visitor.get(visitor.agree(begin(visitor, link))).status_code == 303


def test_what_a_caller_lacks_is_asked_for_and_then_there(
    visitor: Visitor, broker: Broker, settings: Settings, link: str
) -> None:
    """Beside all that the app always asks for; the next caller has its token."""
    asked = query_of(begin(visitor, link))
    reconnect(visitor, link)

    assert asked["scope"] == " ".join((*settings.scopes, TICKETS))
    assert asked["optional_scope"] == " ".join(settings.optional_scopes)
    assert broker.access_token(visitor.owner, scopes=[TICKETS])
    (connection,) = broker.connections(visitor.owner)
    assert connection.further_scopes == (TICKETS,)


def test_reconnecting_asks_again_for_all_that_was_there(
    visitor: Visitor, broker: Broker, link: str
) -> None:
    """By the plain link, by one for one account, and by one that asks for something more."""
    reconnect(visitor, link)
    page = visitor.setup()
    plain = next(str(each["href"]) for each in page.select("article hubspot-connect a"))
    more = follow(visitor, lack(broker, visitor.owner, LISTS))

    assert query_of(begin(visitor, plain))["scope"].split()[-1] == TICKETS
    assert query_of(begin(visitor, more))["scope"].split()[-2:] == [TICKETS, LISTS]
    reconnect(visitor, more)
    assert broker.access_token(visitor.owner, scopes=[TICKETS, LISTS])


def test_another_account_is_asked_for_nothing_of_the_first(visitor: Visitor, link: str) -> None:
    """What one account has granted is no other's business."""
    reconnect(visitor, link)
    another = visitor.connect_link

    assert TICKETS not in query_of(begin(visitor, another))["scope"]


def test_a_disconnect_ends_what_was_asked_for(visitor: Visitor, broker: Broker, link: str) -> None:
    """Whoever connects again begins anew."""
    reconnect(visitor, link)
    (connection,) = broker.connections(visitor.owner)
    broker.disconnect(visitor.owner, connection.id)

    assert TICKETS not in query_of(visitor.begin())["scope"]


def test_an_optional_scope_stays_in_its_place(
    visitor: Visitor, broker: Broker, settings: Settings, hubspot: HubSpot
) -> None:
    """HubSpot takes it in ``optional_scope`` only."""
    visitor.connect(hub_id=4410003)
    (optional,) = settings.optional_scopes
    address = lack(broker, visitor.owner, optional)
    asked = query_of(begin(visitor, follow(visitor, address)))

    assert optional not in asked["scope"].split()
    assert asked["optional_scope"] == optional


def test_nobody_but_the_app_names_scopes(visitor: Visitor, broker: Broker) -> None:
    """Neither in the address of the page, nor in that of the start, nor in a token."""
    visitor.connect()
    address = lack(broker, visitor.owner, TICKETS)
    link = visitor.connect_link
    payload, _, signature = query_of(link)["t"].partition("~")
    content = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed = base64.urlsafe_b64encode(json.dumps([*content, [LISTS]]).encode()).decode()
    forged = f"/auth/hubspot/start?t={changed.rstrip('=')}~{signature}"

    assert LISTS not in begin(visitor, follow_any(visitor, address.replace(TICKETS, LISTS)))
    assert LISTS not in begin(visitor, f"{link}&scopes={LISTS}&scope={LISTS}")
    assert visitor.get(forged, sec_fetch_site="same-origin").status_code == 200  # it asks first


def follow_any(visitor: Visitor, address: str) -> str:
    """The first link to reconnect at *address*, whatever it asks for."""
    parts = urlsplit(address)
    page = visitor.get(f"{parts.path}?{parts.query}").text
    found = re.search(r'href="(/auth/hubspot/start[^"]+)" aria-label="Reconnect', page)
    assert found
    return found[1]


def test_the_end_names_what_was_not_granted(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, link: str
) -> None:
    """And trying again asks for the same."""
    callback = visitor.agree(begin(visitor, f"{link}&attempt={'a' * 22}"))
    answer = visitor.get(f"{callback.partition('?')[0]}?error=access_denied&{state_of(callback)}")
    page = visitor.get(answer.headers["location"]).text
    again = re.search(r'href="(/auth/hubspot/start[^"]+)"', page)

    assert again
    assert TICKETS in query_of(begin(visitor, again[1].replace("&amp;", "&")))["scope"]


def state_of(callback: str) -> str:
    """The state in the address *callback*."""
    return f"state={query_of(callback)['state']}"
