"""The account that a link brings may be one that the owner has connected: nothing is taken away."""

from collections.abc import Callable

import pytest

from portalkey.broker import Broker
from portalkey.errors import ScopesMissing
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import EventName
from portalkey.model.invitation import InvitationStatus
from portalkey.model.marks import Mark
from portalkey_simulator import HubSpot
from support.guest import Guest, path_of
from support.visitor import query_of

OWNER, TICKETS, LISTS = "studio", "tickets", "crm.lists.read"
HARBOUR, OTHER = 4410001, 4410002

NewGuest = Callable[[], Guest]


@pytest.fixture
def connected(broker: Broker, new_guest: NewGuest) -> Connection:
    """The studio's connection, which works and has tickets."""
    new_guest().connect(broker.invite(OWNER, scopes=[TICKETS]).link, HARBOUR)
    return connection_of(broker)


def connection_of(broker: Broker) -> Connection:
    """The studio's one connection."""
    (connection,) = broker.connections(OWNER)
    return connection


def revoked(hubspot: HubSpot) -> int:
    """How many tokens HubSpot was asked to forget."""
    return sum(each.path.endswith("/revoke") for each in hubspot.requests)


def test_a_link_takes_nothing_away_from_what_works(
    broker: Broker, hubspot: HubSpot, connected: Connection, new_guest: NewGuest
) -> None:
    """Whoever picks that very account changes nothing; what they gave is given back."""
    token = broker.access_token(OWNER, scopes=[TICKETS])
    invited, guest = broker.invite(OWNER), new_guest()
    end = guest.connect(invited.link, HARBOUR)
    broker.send_owed()

    assert "connected in the app already" in end
    assert "account_taken" in end
    kept = connection_of(broker)
    assert (kept.generation, kept.further_scopes) == (connected.generation, (TICKETS,))
    assert broker.access_token(OWNER, scopes=[TICKETS]) == token
    assert revoked(hubspot) == 1
    failed = broker.vault.store.events()[-1]
    assert failed.name is EventName.ATTEMPT_FAILED
    assert (failed.facts["error"], failed.facts["check"]) == ("account_taken", "link")


def test_the_link_still_holds_for_another_account(
    broker: Broker, connected: Connection, new_guest: NewGuest
) -> None:
    """By the same browser; both are the owner's then."""
    invited, guest = broker.invite(OWNER), new_guest()
    guest.connect(invited.link, HARBOUR)
    assert "Connected to" in guest.come_back(guest.to_hubspot(invited.link), OTHER)

    found = {each.hub_id: each.further_scopes for each in broker.connections(OWNER)}
    assert found == {HARBOUR: (TICKETS,), OTHER: None}
    assert connected.id in {each.id for each in broker.connections(OWNER)}


def test_a_link_that_can_do_as_much_reconnects(
    broker: Broker, connected: Connection, new_guest: NewGuest
) -> None:
    """And what was asked for before is remembered beside what is new."""
    invited = broker.invite(OWNER, scopes=[LISTS, TICKETS])
    assert "Connected to" in new_guest().connect(invited.link, HARBOUR)

    after = connection_of(broker)
    assert after.id == connected.id
    assert after.generation > connected.generation
    assert after.further_scopes == (TICKETS, LISTS)
    assert broker.access_token(OWNER, scopes=[TICKETS, LISTS])


def test_a_link_for_that_account_asks_for_what_it_has(
    broker: Broker, connected: Connection, new_guest: NewGuest
) -> None:
    """The page names it, HubSpot is asked for it, and it stays."""
    invited, guest = broker.invite(OWNER, hub_id=HARBOUR), new_guest()
    page = guest.http.get(path_of(invited.link)).text
    away = guest.to_hubspot(invited.link)

    assert TICKETS in page
    assert TICKETS in query_of(away)["scope"].split()
    assert "The account to reconnect is" in guest.come_back(away, OTHER)
    assert "Connected to" in guest.come_back(guest.to_hubspot(invited.link), HARBOUR)
    assert connection_of(broker).further_scopes == (TICKETS,)
    assert broker.access_token(OWNER, scopes=[TICKETS])


def test_a_link_for_any_account_names_nothing_of_the_owners(
    broker: Broker, connected: Connection, new_guest: NewGuest
) -> None:
    """Neither the page nor the question to HubSpot."""
    invited, guest = broker.invite(OWNER), new_guest()

    assert TICKETS not in guest.http.get(path_of(invited.link)).text
    assert TICKETS not in query_of(guest.to_hubspot(invited.link))["scope"]
    assert connected.further_scopes == (TICKETS,)


def test_a_link_mends_what_works_no_more(
    broker: Broker, connected: Connection, new_guest: NewGuest
) -> None:
    """Less is better than nothing, and what is missing is remembered for the next reconnect."""
    ended = Mark(status=ConnectionStatus.NEEDS_RECONNECT, reason="x")
    assert broker.vault.store.mark(connected, ended)
    assert "Connected to" in new_guest().connect(broker.invite(OWNER).link, HARBOUR)

    after = connection_of(broker)
    assert (after.id, after.further_scopes) == (connected.id, (TICKETS,))
    assert broker.access_token(OWNER)
    with pytest.raises(ScopesMissing):
        broker.access_token(OWNER, scopes=[TICKETS])


def test_a_link_after_a_disconnect_begins_anew(
    broker: Broker, connected: Connection, new_guest: NewGuest
) -> None:
    """Nothing is remembered, as with any connect."""
    broker.disconnect(OWNER, connected.id)
    invited = broker.invite(OWNER)
    new_guest().connect(invited.link, HARBOUR)

    assert connection_of(broker).further_scopes is None
    row = broker.find_invitation(invited.invitation.id)
    assert row
    assert row.status is InvitationStatus.USED
