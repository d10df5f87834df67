"""A year of traffic on a moved clock: what is too old goes, and the tables stay as they are."""

import json
from collections.abc import Callable, Mapping

from sqlalchemy import Connection as Tx
from sqlalchemy import func, select, text

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey.testing.account import connect
from portalkey.vault import SQLStore
from portalkey.vault.sql.tables import metadata
from portalkey_simulator import HubSpot

DAY = 86400.0
FIRST, LAST = 100, 400
EVENTS_DAYS = 60
PAGES = text("SELECT page_count FROM pragma_page_count")
Rows = Mapping[str, int]


def rows_of(store: SQLStore) -> Rows:
    """The number of rows of each table, and of the file's pages."""

    def count(tx: Tx) -> Rows:
        tables = metadata.tables.items()
        found = {name: tx.scalar(select(func.count()).select_from(each)) for name, each in tables}
        return {**found, "pages": tx.scalar(PAGES)}

    return store._database.read(count)


class Year:
    """Two owners who work every day, and all that else happens to an app."""

    def __init__(self, broker: Broker, hubspot: HubSpot, ahead: Ahead) -> None:
        self._broker, self._hubspot, self._ahead = broker, hubspot, ahead
        for owner in ("ada", "bob"):
            connect(broker, hubspot, owner)

    def pass_day(self, day: int) -> None:
        """One day of it, with the housekeeping that any process does."""
        self._ahead.passes(DAY)
        self._hubspot.clock.move(DAY)
        broker = self._broker
        assert broker.access_token("ada")
        assert broker.access_token("bob")
        broker.begin("ada", "a browser that nobody came back to")
        if day % 10 == 0:  # somebody comes, goes, and is forgotten
            owner = f"visitor-{day}"
            connect(broker, self._hubspot, owner, 4410002)
            broker.erase(owner)
            broker._background.join()
        if day % 15 == 0:
            (row,) = broker.connections("bob")
            broker.disconnect("bob", row.id)
            connect(broker, self._hubspot, "bob")
        self._leave_a_process(day)
        broker.send_owed(50)

    def _leave_a_process(self, day: int) -> None:
        """A process of another machine that was killed: nobody there takes its row away."""
        store, app = self._broker.vault.store, self._broker.settings.client_id
        facts = {
            "label": "web",
            "host": f"machine-{day}",
            "pid": day,
            "keys": ["test"],
            "at": store.now().timestamp() - DAY,
        }
        store.put_meta(f"process {app} machine-{day}", json.dumps(facts))


def test_a_year_leaves_the_tables_as_they_are(
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    hubspot: HubSpot,
    ahead: Ahead,
) -> None:
    """As many rows after 400 days as after 100, table by table, and a file of the same size."""
    broker = make_broker(settings.model_copy(update={"events_days": EVENTS_DAYS}))
    year, store = Year(broker, hubspot, ahead), broker.vault.store
    assert isinstance(store, SQLStore)
    seen: dict[int, Rows] = {}
    for day in range(1, LAST + 1):
        year.pass_day(day)
        if day in {FIRST, LAST}:
            seen[day] = rows_of(store)

    first, last = seen[FIRST], seen[LAST]
    assert last["portalkey_connections"] == first["portalkey_connections"] == 2
    assert (last["portalkey_outbox"], last["portalkey_provider"]) == (0, 1)
    assert last["portalkey_meta"] == first["portalkey_meta"]
    for table in ("portalkey_attempts", "portalkey_events", "portalkey_counters"):
        assert 0 < last[table] <= first[table] * 1.1 + 5, (table, first, last)
    assert last["pages"] <= first["pages"] * 1.2 + 5, (first, last)
