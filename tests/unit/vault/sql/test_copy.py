"""A store, moved: every row, as often as like, and nothing of the target's own is lost."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from portalkey.errors import StoreUnusable
from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import ConnectionStatus
from portalkey.model.counters import CounterKind, Tally
from portalkey.model.events import Event, EventName
from portalkey.model.leases import Lease, LeaseRequest
from portalkey.model.notifications import Subject
from portalkey.model.throttle import Limits, Portion, PortionRequest
from portalkey.testing.invitations import new_invitation
from portalkey.testing.samples import (
    connect,
    load,
    new_attempt,
    new_owed,
    next_generation,
)
from portalkey.vault import SQLStore
from portalkey.vault.copy_mark import put_mark
from portalkey.vault.sql.copy import BATCH, COPYING, VERIFYING, Moved, Step, move, open_migrated
from portalkey.vault.sql.tables import metadata
from portalkey.vault.store import Mark
from support.postgres_server import changed

pytest_plugins = ("support.postgres",)

LIMITS = Limits(rate=1.0, burst=10)
COPIES = (
    f"WITH RECURSIVE n(i) AS (SELECT 2 UNION SELECT i + 1 FROM n WHERE i <= {BATCH}) "  # noqa: S608
    "INSERT INTO portalkey_events (id, at, name, owner, facts) "
    "SELECT i, at, name, owner, facts FROM n, portalkey_events"
)
EVERYTHING = {
    "connections": 3,
    "attempts": 4,
    "invitations": 1,
    "events": 5,
    "outbox": 2,
    "notifications": 1,
    "provider": 1,
    "counters": 2,
    "meta": 2,
}
Move = Callable[..., dict[str, Moved]]


@pytest.fixture(params=["sqlite", "postgresql"])
def to(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where to: an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'target.db'}"
    return str(request.getfixturevalue("migrated_postgres_url"))


@pytest.fixture
def target(to: str) -> Iterator[SQLStore]:
    """The store that is moved to."""
    with closing(SQLStore.open(to)) as store:
        yield store


@pytest.fixture
def moved(path: Path, to: str) -> Move:
    """Moves the store, as it stands."""

    def once(told: Callable[[Step], object] = lambda _: None) -> dict[str, Moved]:
        with open_migrated(f"sqlite:///{path}") as here, open_migrated(to) as there:
            return dict(move(here, there, told))

    return once


def fill(store: SQLStore) -> None:
    """Something in every table, a lease among it."""
    for number, owner in enumerate(("ada", "bob", "cy")):
        connection = connect(store, owner=owner, lease_id=None)
        if number:
            store.enqueue(new_owed(store, id=f"owed {number}"))
    new_invitation(store)
    new_attempt(store, owner="dö \U0001f511")
    for _ in range(EVERYTHING["events"] - 2):
        store.record(Event(EventName.CONNECTED, owner="ada", facts={"hub_id": 7}))
    store.add_receivers("app", ["billing"])
    store.record(Event(EventName.CONNECTED, owner="ada", facts={"hub_id": 7}), Subject("app"))
    store.count("app", [Tally(CounterKind.CALLBACK_REFUSED, None, 3)])
    store.count("app", [Tally(CounterKind.RENEWED, connection.id, 2)])
    store.add_meta("key_check app a", "value")
    lease = store.lease(connection, LeaseRequest("me", 30.0))
    assert isinstance(lease, Lease)
    assert isinstance(store.take_portion("app", PortionRequest(LIMITS)), Portion)


def content(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, read by the driver alone."""
    found = {}
    for table in metadata.sorted_tables:
        names = ", ".join(each.name for each in table.columns)
        query = f"SELECT {names} FROM {table.name} ORDER BY id"  # noqa: S608 - names of ours
        found[table.name.removeprefix("portalkey_")] = rows(url, query)
    return found


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """What the driver finds."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            return database.execute(query).fetchall()
    with psycopg.connect(url) as connection:
        connection.execute("SET search_path TO portalkey")
        return connection.execute(query.encode()).fetchall()


def write(url: str, statement: str) -> None:
    """Change something behind everybody's back."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
            database.execute(statement)
        return
    with psycopg.connect(url) as connection:
        connection.execute("SET search_path TO portalkey")
        connection.execute(statement.encode())


def in_any_order(found: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Databases sort text in their own ways."""
    return {table: sorted(each, key=str) for table, each in found.items()}


def test_a_move_leaves_no_mark_of_a_copy(store: SQLStore, path: Path, to: str, moved: Move) -> None:
    """Neither the source's nor the target's: what comes over was given to another store."""
    fill(store)
    put_mark(store, "app")
    moved()
    assert "copy_since app" in dict(rows(f"sqlite:///{path}", "SELECT * FROM portalkey_meta"))
    assert "copy_since app" not in dict(rows(to, "SELECT * FROM portalkey_meta"))
    write(to, "INSERT INTO portalkey_meta VALUES ('copy_since app', 'then')")

    moved()

    assert "copy_since app" not in dict(rows(to, "SELECT * FROM portalkey_meta"))


def test_a_first_move(store: SQLStore, path: Path, to: str, moved: Move) -> None:
    """Every column of every row is the same afterwards, to the last bit of its times."""
    fill(store)
    write(f"sqlite:///{path}", "UPDATE portalkey_events SET at = 1795000000.1234567")

    outcome = moved()

    assert outcome == {name: Moved(new=count) for name, count in EVERYTHING.items()}
    assert in_any_order(content(to)) == in_any_order(content(f"sqlite:///{path}"))


def test_a_second_move(store: SQLStore, to: str, moved: Move) -> None:
    """It finds nothing to do, and changes nothing."""
    fill(store)
    moved()
    before = content(to)

    assert moved() == {name: Moved(same=count) for name, count in EVERYTHING.items()}
    assert content(to) == before


def test_a_store_with_nothing_in_it(store: SQLStore, moved: Move) -> None:
    """Nothing is moved, and that is no trouble."""
    assert moved() == dict.fromkeys(EVERYTHING, Moved())


def test_more_than_a_batch(store: SQLStore, path: Path, to: str, moved: Move) -> None:
    """Each batch is told of, and none is left out."""
    template = Event(EventName.CONNECTED, owner="ada")
    store.record(template)
    write(f"sqlite:///{path}", COPIES)
    steps: list[Step] = []

    outcome = moved(steps.append)

    total = BATCH + 1
    assert outcome["events"] == Moved(new=total)
    assert steps == [
        Step(act, "events", done, total) for act in (COPYING, VERIFYING) for done in (BATCH, total)
    ]
    assert len(content(to)["events"]) == total


def test_what_changed_since(
    store: SQLStore, target: SQLStore, path: Path, to: str, moved: Move
) -> None:
    """A renewal, a status, an end, a failed try and a lease are brought over."""
    fill(store)
    (ada,), (bob,) = (store.connections(owner, "app") for owner in ("ada", "bob"))
    attempt = new_attempt(store)
    moved()
    renewed = next_generation(ada, updated_at=ada.updated_at)
    assert store.renew(renewed, instead_of="fingerprint 1")
    assert store.mark(bob, Mark(ConnectionStatus.FAILING, reason="x", failures=1))
    assert store.move_attempt(attempt.id, AttemptStatus.CANCELLED)
    store.reschedule("owed 1", 60)
    assert isinstance(store.lease(load(store, ada), LeaseRequest("you", 30.0)), Lease)
    assert isinstance(store.take_portion("app", PortionRequest(LIMITS)), Portion)
    store.count("app", [Tally(CounterKind.CALLBACK_REFUSED, None, 1)])

    outcome = moved()

    assert outcome == {
        "connections": Moved(changed=2, same=1),
        "attempts": Moved(changed=1, same=4),
        "invitations": Moved(same=1),
        "events": Moved(same=5),
        "outbox": Moved(changed=1, same=1),
        "provider": Moved(changed=1),
        "counters": Moved(changed=1, same=1),
        "notifications": Moved(same=1),
        "meta": Moved(same=2),
    }
    assert in_any_order(content(to)) == in_any_order(content(f"sqlite:///{path}"))


def test_what_the_target_did_since(store: SQLStore, target: SQLStore, to: str, moved: Move) -> None:
    """Rows that are newer there stay, and so does what it made itself."""
    fill(store)
    attempt = new_attempt(store)
    moved()
    (ada,), (bob,) = (target.connections(owner, "app") for owner in ("ada", "bob"))
    assert target.renew(next_generation(ada), instead_of="fingerprint 1")
    assert target.disconnect(bob, None)
    assert target.move_attempt(attempt.id, AttemptStatus.CANCELLED)
    assert store.move_attempt(attempt.id, AttemptStatus.EXPIRED)
    target.reschedule("owed 1", 60)
    target.count("app", [Tally(CounterKind.CALLBACK_REFUSED, None, 1)])
    assert target.update_throttle("app", lambda known, now: replace(known, bucket_at=now))
    connect(target, owner="eve")
    before = content(to)

    outcome = moved()

    assert outcome == {
        "connections": Moved(same=1, kept=2),
        "attempts": Moved(same=4, kept=1),
        "invitations": Moved(same=1),
        "events": Moved(same=5),
        "outbox": Moved(same=1, kept=1),
        "provider": Moved(kept=1),
        "counters": Moved(same=1, kept=1),
        "notifications": Moved(same=1),
        "meta": Moved(same=2),
    }
    assert content(to) == before


def test_the_check_value_goes_with_its_rows(store: SQLStore, target: SQLStore, moved: Move) -> None:
    """Where the target has begun with another key, that one is refused after the move."""
    store.add_meta("key_check app a", "of the rows")
    target.add_meta("key_check app a", "of a stranger")

    assert moved()["meta"] == Moved(changed=1)
    assert target.meta("key_check app a") == "of the rows"


def test_an_account_connected_at_both_places(
    store: SQLStore, target: SQLStore, moved: Move
) -> None:
    """The new store's own connection stays, as there can be one only."""
    here, there = connect(store, owner="ada"), connect(target, owner="ada")

    assert moved()["connections"] == Moved(kept=1)
    assert [each.id for each in target.connections("ada", "app")] == [there.id]
    assert target.connection(here.id) is None


def test_events_at_both_places(store: SQLStore, target: SQLStore, moved: Move) -> None:
    """All of them are kept, under new numbers where theirs are taken, and only once."""
    fill(store)
    moved()
    store.record(Event(EventName.REFRESHED, owner="here"))
    target.record(Event(EventName.REFRESHED, owner="there"))

    first, second = moved()["events"], moved()["events"]

    assert (first, second) == (Moved(new=1, same=5), Moved(same=6))
    assert sorted(str(event.owner) for event in target.events()) == [*["ada"] * 5, "here", "there"]
    target.record(Event(EventName.REFRESHED, owner="afterwards"))
    assert len(target.events()) == 8


def test_numbers_go_on_past_the_highest(store: SQLStore, to: str, moved: Move) -> None:
    """What the target writes itself is in no event's way, even while the move is under way."""
    fill(store)

    def told(step: Step) -> None:
        if step == Step(COPYING, "attempts", 4, 4):
            with closing(SQLStore.open(to)) as target:
                target.record(Event(EventName.REFRESHED, owner="early"))

    moved(told)
    with closing(SQLStore.open(to)) as target:
        target.record(Event(EventName.REFRESHED, owner="late"))
        events = [event.owner for event in target.events()]

    assert sorted(map(str, events)) == [*["ada"] * 5, "early", "late"]


def test_a_store_in_use(store: SQLStore, target: SQLStore, moved: Move) -> None:
    """What is written to the source meanwhile is for the next time, and disturbs nothing."""
    fill(store)

    def told(step: Step) -> None:
        if step.act == COPYING and step.table == "connections":
            connect(store, owner="eve")
            store.complete("owed 1")
            (ada,) = store.connections("ada", "app")
            assert store.renew(next_generation(ada), instead_of="fingerprint 1")

    first = moved(told)
    second = moved()

    assert first["connections"] == Moved(new=3)
    assert second["connections"] == Moved(new=1, changed=1, same=2)
    assert target.connections("eve", "app")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE portalkey_connections SET account_facts = '{}' WHERE owner = 'ada'",
        "DELETE FROM portalkey_connections WHERE owner = 'ada'",
    ],
    ids=["changed", "gone"],
)
def test_a_row_that_differs_afterwards(
    store: SQLStore, to: str, moved: Move, statement: str
) -> None:
    """It is named by its table and id, without a value; the next move puts it right."""
    fill(store)
    (ada,) = store.connections("ada", "app")

    def told(step: Step) -> None:
        if step.act == COPYING and step.table == "provider":
            write(to, statement)

    with pytest.raises(StoreUnusable) as wrong:
        moved(told)
    after = moved()["connections"]

    assert f"The row {ada.id} of portalkey_connections is not in" in str(wrong.value)
    assert "example.com" not in str(wrong.value)
    assert after in {Moved(changed=1, same=2), Moved(new=1, same=2)}


def test_one_file_by_two_names(store: SQLStore, path: Path, tmp_path: Path) -> None:
    """A store is not moved onto itself, whatever it is called."""
    other = tmp_path / "other.db"
    other.symlink_to(path)

    with (
        open_migrated(f"sqlite:///{path}") as here,
        open_migrated(f"sqlite:///{other}") as there,
        pytest.raises(StoreUnusable, match=r"portalkey\.db is the one that is to be moved"),
    ):
        move(here, there)


def test_one_postgresql_by_two_names(
    migrated_postgres_url: str, through_pgbouncer: Callable[[str], str]
) -> None:
    """A way round by PgBouncer leads to the same database."""
    other = through_pgbouncer(migrated_postgres_url)

    with (
        open_migrated(migrated_postgres_url) as here,
        open_migrated(other) as there,
        pytest.raises(StoreUnusable, match="is the one that is to be moved"),
    ):
        move(here, there)


def test_from_postgresql_to_another_schema(migrated_postgres_url: str) -> None:
    """Two stores in one database are two stores, and the numbers go on in the right one."""
    with closing(SQLStore.open(migrated_postgres_url)) as store:
        fill(store)

    with (
        open_migrated(migrated_postgres_url) as here,
        open_migrated(migrated_postgres_url, "moved") as there,
    ):
        outcome = move(here, there)

    assert outcome == {name: Moved(new=count) for name, count in EVERYTHING.items()}
    with closing(SQLStore.open(migrated_postgres_url, schema="moved")) as target:
        target.record(Event(EventName.REFRESHED, owner="late"))
        assert len(target.events()) == 6


def test_through_pgbouncer(
    store: SQLStore,
    path: Path,
    migrated_postgres_url: str,
    through_pgbouncer: Callable[[str], str],
) -> None:
    """Nothing of a move is kept in a session."""
    fill(store)
    other = changed(through_pgbouncer(migrated_postgres_url), application_name="moving")

    with open_migrated(f"sqlite:///{path}") as here, open_migrated(other) as there:
        move(here, there)

    found = in_any_order(content(migrated_postgres_url))
    assert found == in_any_order(content(f"sqlite:///{path}"))
