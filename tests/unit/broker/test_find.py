"""Searches of whoever runs the app, through the one door."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portalkey.broker import Broker
from portalkey.model.connection import Account, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.settings import Settings
from portalkey.testing.samples import connect


@pytest.fixture
def store(broker: Broker) -> Any:
    """The broker's store."""
    return broker.vault.store


def put(broker: Broker, hub_id: int = 1, **changes: Any) -> str:
    """A connection of the broker's app; returns its id."""
    app = broker.settings.client_id
    return connect(broker.vault.store, client_id=app, account=Account(hub_id), **changes).id


def test_pages_lead_to_one_another(broker: Broker) -> None:
    """Each page's cursor begins the next; the last has none."""
    ids = {put(broker, number) for number in range(5)}
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = broker.find(limit=2, cursor=cursor)
        seen += [each.id for each in page.connections]
        cursor = page.cursor
        if cursor is None:
            break

    assert seen == sorted(ids)


def test_another_apps_connections_are_not_found(broker: Broker, store: Any) -> None:
    """One store may serve two apps at HubSpot."""
    other = connect(store, client_id="another app")

    assert broker.find().connections == []
    assert broker.find_connection(other.id) is None


def test_a_domain_is_found_in_any_letters(broker: Broker, store: Any) -> None:
    """As people write it."""
    account = Account(7, hub_domain="example.com")
    row = connect(store, client_id=broker.settings.client_id, account=account)

    (found,) = broker.find(domain=" Example.COM ").connections
    assert found.id == row.id


def test_a_status_may_be_a_word(broker: Broker) -> None:
    """Programs read it from somewhere."""
    row = put(broker)

    for status in ("connected", ConnectionStatus.CONNECTED):
        assert [each.id for each in broker.find(status=status).connections] == [row]
    assert broker.find(status="failing").connections == []


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"limit": 0}, "limit must be"),
        ({"limit": 1001}, "limit must be"),
        ({"limit": True}, "limit must be"),
        ({"status": "gone"}, "status must be one of connected, failing"),
        ({"hub_id": "4410001"}, "hub_id must be a number"),
        ({"owner": ""}, "owner must be"),
        ({"owner": 7}, "owner must be"),
        *(
            ({"cursor": cursor}, "Begin without one")
            for cursor in ("", "x", "ä", "W10", "bnVsbA", "A" * 5000, "WyJhIiwgImIiXQ")
        ),
    ],
)
def test_an_argument_that_finds_nothing_is_told(
    broker: Broker, named: dict[str, Any], words: str
) -> None:
    """The mistake is the app's, and never an empty page."""
    with pytest.raises((ValueError, TypeError), match=words):
        broker.find(**named)


def test_a_cursor_is_for_its_own_search(broker: Broker) -> None:
    """Another owner's page, or a page of events, begins elsewhere."""
    for number in range(3):
        put(broker, number)
    cursor = broker.find(owner="ada", limit=1).cursor

    assert broker.find(owner="ada", limit=1, cursor=cursor).connections
    for wrong in (
        lambda: broker.find(owner="eve", cursor=cursor),
        lambda: broker.find_events(cursor=cursor),
    ):
        with pytest.raises(ValueError, match="another search"):
            wrong()


def test_an_attempt_is_found_by_its_reference(broker: Broker) -> None:
    """It is a name: nobody acts by it."""
    begun = broker.begin("ada", "browser")

    found = broker.find_attempt(begun.attempt.id)
    assert found is not None
    assert found.owner == "ada"
    assert broker.find_attempt("nobody's") is None
    assert broker.find_attempt("a\0b") is None


def test_events_are_followed_from_their_last(broker: Broker, store: Any, ahead: Any) -> None:
    """A page that is empty keeps its place, and what comes after is found from there."""
    first = store.record(Event(EventName.CONNECTED, "ada"))
    page = broker.find_events()
    assert list(page.events) == [first]
    empty = broker.find_events(cursor=page.cursor)
    assert (list(empty.events), empty.cursor) == ([], page.cursor)
    ahead.passes(60)
    second = store.record(Event(EventName.DISCONNECTED, "ada"))

    assert list(broker.find_events(cursor=page.cursor).events) == [second]
    assert list(broker.find_events(since=second.at).events) == [second]
    assert second.at is not None
    earlier = second.at - timedelta(seconds=30)
    assert list(broker.find_events(until=earlier).events) == [first]
    assert broker.find_events(limit=1).is_full


def test_revoking_one_that_ended_meanwhile_says_so(
    broker: Broker, settings: Settings, make_broker: Callable[[Settings], Broker]
) -> None:
    """Two operators at once: one ends it, and the other is told."""
    put(broker)
    (found,) = broker.find().connections

    assert broker.revoke(found) is True
    assert make_broker(settings).revoke(found) is False
