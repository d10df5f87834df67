"""A database that answers with other rows than were asked for, as where two processes share one."""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portalkey.errors import StoreUnusable
from portalkey.model.attempt import AttemptStatus
from portalkey.model.events import Event, EventName
from portalkey.model.leases import LeaseRequest
from portalkey.testing.samples import connect, new_attempt, new_owed
from portalkey.vault import SQLStore
from portalkey.vault.sql.migrate import migrate
from portalkey.vault.sql.open_files import FileConnection
from portalkey.vault.sql.sqlite import SQLite

OWNERS, APPS, HUBS = ("ada", "bob"), ("app", "other app"), (2**40, 2**41)
REQUEST = LeaseRequest("process", 30.0)


@dataclass
class Swap:
    """What the driver looks for in place of what it is asked for."""

    instead: dict[object, object] = field(default_factory=dict)

    def of(self, value: object) -> object:
        """Return what is looked for."""
        return self.instead.get(value, value) if isinstance(value, str | int) else value


SWAP = Swap()


class LyingCursor(sqlite3.Cursor):
    """Selects other rows; what it writes is what it was told."""

    def execute(self, sql: str, parameters: Any = (), /) -> "LyingCursor":
        """Run it, with other values where it reads."""
        if sql.startswith("SELECT"):
            parameters = tuple(SWAP.of(each) for each in parameters)
        super().execute(sql, parameters)
        return self


class LyingConnection(FileConnection):
    """A connection whose answers are somebody else's."""

    def cursor(self, factory: Any = LyingCursor) -> Any:
        """Return one that lies."""
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run it by way of such a one."""
        cursor: sqlite3.Cursor = self.cursor().execute(sql, parameters)
        return cursor


class LyingSQLite(SQLite):
    """A database that lies as far as ``SWAP`` says."""

    def _connect(self) -> FileConnection:
        return sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, factory=LyingConnection
        )


@dataclass
class Filled:
    """A store with two of everything."""

    store: SQLStore
    ids: dict[str, tuple[str, str]]

    @property
    def pairs(self) -> Iterable[tuple[object, object]]:
        """Return what may be taken for one another."""
        return [OWNERS, APPS, HUBS, *self.ids.values()]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Two owners, each with an attempt, a connection, an event and something owed."""
    database = LyingSQLite(tmp_path_factory.mktemp("wall") / "portalkey.db")
    migrate(database)
    store = SQLStore(database)
    attempts, connections = [], []
    for number, owner in enumerate(OWNERS):
        attempts.append(new_attempt(store, owner=owner))
        connection = connect(store, owner=owner, client_id=APPS[number])
        store.lease(replace(connection, lease_id=None), REQUEST)
        connections.append(connection)
        event = Event(EventName.CONNECTED, owner, attempts[-1].id, connection.id)
        store.record(event)
        store.enqueue(new_owed(store, id=f"owed {number}", client_id=APPS[number]))
    ids = {
        "attempt": (attempts[0].id, attempts[1].id),
        "state": (attempts[0].state_hash, attempts[1].state_hash),
        "connection": (connections[0].id, connections[1].id),
    }
    yield Filled(store, ids)
    store.close()


def found(value: object) -> list[Any]:
    """Return the rows that a method gave."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


Read = Callable[[Filled], tuple[object, dict[str, object]]]


def by_attempt(filled: Filled) -> tuple[object, dict[str, object]]:
    """An attempt by its id."""
    id_ = filled.ids["attempt"][0]
    return filled.store.attempt(id_), {"id": id_, "owner": "ada"}


def by_state(filled: Filled) -> tuple[object, dict[str, object]]:
    """An attempt by its state."""
    return filled.store.attempt_by_state(filled.ids["state"][0]), {
        "id": filled.ids["attempt"][0],
        "owner": "ada",
    }


def claims(filled: Filled) -> tuple[object, dict[str, object]]:
    """An owner's attempts."""
    return filled.store.claims("ada"), {"owner": "ada"}


def moved(filled: Filled) -> tuple[object, dict[str, object]]:
    """An attempt that is moved, which reads it first."""
    id_ = filled.ids["attempt"][0]
    return filled.store.move_attempt(id_, AttemptStatus.AT_HUBSPOT), {"id": id_, "owner": "ada"}


def status(filled: Filled) -> tuple[object, dict[str, object]]:
    """An attempt, and the connections of whoever began it."""
    id_ = filled.ids["attempt"][0]
    attempt, rows = filled.store.attempt_and_connections(id_, "ada", "app")
    assert attempt is None or attempt.id == id_
    return [] if attempt is None else [attempt, *rows], {"owner": "ada"}


def by_connection(filled: Filled) -> tuple[object, dict[str, object]]:
    """A connection by its id."""
    id_ = filled.ids["connection"][0]
    return filled.store.connection(id_), {"id": id_, "owner": "ada"}


def of_owner(filled: Filled) -> tuple[object, dict[str, object]]:
    """An owner's connections."""
    asked: dict[str, object] = {"owner": "ada", "client_id": "app"}
    return list(filled.store.connections("ada", "app")), asked


def of_account(filled: Filled) -> tuple[object, dict[str, object]]:
    """An owner's connection to an account."""
    asked = {"owner": "ada", "client_id": "app", "hub_id": HUBS[0]}
    return filled.store.connection_to("ada", "app", HUBS[0]), asked


def events(filled: Filled) -> tuple[object, dict[str, object]]:
    """What happened to an owner."""
    return list(filled.store.events(owner="ada")), {"owner": "ada"}


def events_of_attempt(filled: Filled) -> tuple[object, dict[str, object]]:
    """What happened in an attempt."""
    id_ = filled.ids["attempt"][0]
    return list(filled.store.events(attempt_id=id_)), {"attempt_id": id_, "owner": "ada"}


def owed(filled: Filled) -> tuple[object, dict[str, object]]:
    """What an app still owes."""
    return list(filled.store.pending(10, client_id="app")), {"client_id": "app"}


READS: tuple[Read, ...] = (
    by_attempt,
    by_state,
    claims,
    moved,
    status,
    by_connection,
    of_owner,
    of_account,
    events,
    events_of_attempt,
    owed,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(read=st.sampled_from(READS), lies=st.sets(st.integers(0, 5)))
def test_a_strangers_row_is_handed_to_nobody(filled: Filled, read: Read, lies: set[int]) -> None:
    """Whatever the driver looks for instead, a row is who was asked for, or there is none."""
    pairs = list(filled.pairs)
    SWAP.instead = {a: b for each in lies for a, b in (pairs[each], pairs[each][::-1])}
    try:
        rows, asked = read(filled)
    except StoreUnusable:
        assert lies
        return
    finally:
        SWAP.instead = {}
    for row in found(rows):
        assert {name: getattr(row, name) for name in asked} == asked


@pytest.mark.parametrize("read", READS, ids=lambda read: read.__name__)
def test_the_truth_is_handed_on(filled: Filled, read: Read) -> None:
    """The control: each of them finds something where nobody lies."""
    rows, asked = read(filled)

    if read is not moved:
        assert found(rows)
    for row in found(rows):
        assert {name: getattr(row, name) for name in asked} == asked


@pytest.mark.parametrize("kind", ["owner", "connection"])
def test_a_strangers_row_calls_the_operator(
    filled: Filled, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """By an alarm that says what to look at, and names nobody; the connection is not used again."""
    pair = OWNERS if kind == "owner" else filled.ids["connection"]
    SWAP.instead = {pair[0]: pair[1], "app": "other app"}
    try:
        with caplog.at_level(logging.CRITICAL), pytest.raises(StoreUnusable, match="another"):
            of_owner(filled) if kind == "owner" else by_connection(filled)
    finally:
        SWAP.instead = {}

    (record,) = caplog.records
    assert record.levelname == "CRITICAL"
    assert "forks" in record.getMessage()
    assert not any(name in record.getMessage() for name in (*OWNERS, *pair, "sealed"))
    assert not filled.store._database._drivers._free
    rows, _ = of_owner(filled)
    assert found(rows)


def test_a_lease_of_anothers_row_is_not_taken(filled: Filled) -> None:
    """Nothing is written on a row that was not meant."""
    ours, others = (filled.store.connection(each) for each in filled.ids["connection"])
    assert ours
    SWAP.instead = dict([filled.ids["connection"]])
    try:
        with pytest.raises(StoreUnusable):
            filled.store.lease(ours, REQUEST)
    finally:
        SWAP.instead = {}

    after = filled.store.connection(filled.ids["connection"][1])
    assert after
    assert others
    assert after.lease_fence == others.lease_fence


def test_a_row_of_another_kind_is_no_row(tmp_path: Path) -> None:
    """An answer to another statement has other columns."""
    database = SQLite(tmp_path / "portalkey.db")
    migrate(database)
    store = SQLStore(database)
    store._by_id._query.text = "SELECT 'id' WHERE 1 OR ? OR ?"

    with pytest.raises(StoreUnusable, match="another kind"):
        store.connection("id")
    store.close()
