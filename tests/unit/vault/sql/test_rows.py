"""Rows that somebody else has written into, in every column of every table."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portalkey.errors import PortalkeyError, StoreUnusable
from portalkey.model.attempt import AttemptStatus
from portalkey.model.events import Event, EventName
from portalkey.model.leases import Lease, LeaseRequest
from portalkey.model.throttle import Limits, Portion, PortionRequest
from portalkey.testing.samples import connect, load, new_attempt, new_owed, next_generation
from portalkey.vault import SQLStore
from portalkey.vault.health import StoreCause
from portalkey.vault.sql.tables import connections, metadata
from support.postgres_server import execute

pytest_plugins = ("support.postgres",)

COLUMNS = [(table.name, column.name) for table in metadata.sorted_tables for column in table.c]
VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.binary(max_size=5),
    st.sampled_from(["[", "{}", "[1]", '{"a": [1]}', "null", '"oauth"', "[]", "1e999", "nowhere"]),
)
REQUEST = LeaseRequest("me", 30.0)


def fill(store: SQLStore) -> None:
    """Put something of Ada's and something of Bob's everywhere."""
    for owner in ("ada", "bob"):
        connection = connect(store, owner=owner)
        assert isinstance(store.lease(connection, REQUEST), Lease)
        new_attempt(store, owner=owner, id=f"attempt-of-{owner}", state_hash=f"state-of-{owner}")
        store.record(Event(EventName.CONNECTED, owner, f"attempt-of-{owner}", connection.id))
        store.enqueue(new_owed(store, id=f"owed-of-{owner}"))


def calls_of(store: SQLStore, owner: str) -> tuple[Callable[[], object], ...]:
    """Every way to what is an *owner*'s."""
    return (
        lambda: [store.lease(each, REQUEST) for each in store.connections(owner, "app")],
        lambda: store.connection_to(owner, "app", 1),
        lambda: store.claims(owner),
        lambda: store.attempt(f"attempt-of-{owner}"),
        lambda: store.attempt_by_state(f"state-of-{owner}"),
        lambda: store.move_attempt(f"attempt-of-{owner}", AttemptStatus.CANCELLED),
        lambda: store.events(owner=owner),
    )


def calls_for_all(store: SQLStore) -> tuple[Callable[[], object], ...]:
    """Every way to what is nobody's in particular."""
    return (
        store.events,
        lambda: store.pending(1),
        lambda: store.stats("app"),
        lambda: store.update_throttle("app", lambda throttle, _: throttle),
    )


@pytest.fixture
def spoil(store: SQLStore, path: Path) -> Iterator[Callable[[str, str, object], bool]]:
    """Writes a value into Ada's row of a table, in a store that is as new otherwise."""
    fill(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        pristine = sqlite3.connect(":memory:")
        other.backup(pristine)

        def write(table: str, column: str, value: object) -> bool:
            pristine.backup(other)
            first = f"(SELECT min(rowid) FROM {table})"  # noqa: S608 - our own names
            try:
                other.execute(
                    f"UPDATE {table} SET {column} = ? WHERE rowid = {first}",  # noqa: S608 - as above
                    (value,),
                )
            except (sqlite3.IntegrityError, OverflowError):
                return False  # the database itself does not take it
            return True

        with closing(pristine):
            yield write


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.sampled_from(COLUMNS), value=VALUES)
@example(place=("portalkey_connections", "scopes"), value="[")
@example(place=("portalkey_connections", "account_facts"), value='{"time_zone": 1}')
@example(place=("portalkey_connections", "sealed_access"), value=None)
@example(place=("portalkey_connections", "generation"), value="many")
@example(place=("portalkey_connections", "access_expires_at"), value=1e300)
@example(place=("portalkey_attempts", "status"), value="nowhere")
@example(place=("portalkey_events", "facts"), value="{")
@example(place=("portalkey_events", "name"), value="of a newer portalkey")
@example(place=("portalkey_outbox", "tries"), value="often")
@example(place=("portalkey_provider", "bucket"), value=float("inf"))
@example(place=("portalkey_provider", "bucket_at"), value="today")
def test_a_spoilt_value_is_one_owners_matter(
    store: SQLStore,
    spoil: Callable[[str, str, object], bool],
    place: tuple[str, str],
    value: object,
) -> None:
    """Whoever meets it hears of the table and the row; to everybody else it is not there."""
    if not spoil(*place, value):
        return
    for call in calls_of(store, "ada"):
        trouble = trouble_of(call)
        assert trouble is None or is_of_row(trouble, place[0])
    for call in (*calls_of(store, "bob"), *calls_for_all(store)):
        call()
    assert store.connections("bob", "app")
    assert store.attempt("attempt-of-bob")
    assert store.pending(2)[-1].id == "owed-of-bob"


def trouble_of(call: Callable[[], object]) -> PortalkeyError | None:
    """The error of ours that *call* raises, if any."""
    try:
        call()
    except PortalkeyError as trouble:
        return trouble
    return None


def is_of_row(trouble: PortalkeyError, table: str) -> bool:
    """True where *trouble* says that a row of *table* is not as portalkey wrote it."""
    return (
        isinstance(trouble, StoreUnusable)
        and table in str(trouble)
        and trouble.cause == StoreCause.BAD_ROW
    )


def test_the_row_is_named_and_who_listens_is_told(
    store: SQLStore, spoil: Callable[[str, str, object], bool]
) -> None:
    """By its id, which is no secret; the store as a whole is not called unwell."""
    heard: list[PortalkeyError | None] = []
    store.health.listen(heard.append)
    connection = store.connections("ada", "app")[0]
    spoil("portalkey_connections", "scopes", "{canary")
    with pytest.raises(StoreUnusable) as trouble:
        store.connections("ada", "app")

    assert f"'{connection.id}' of portalkey_connections" in str(trouble.value)
    assert "canary" not in str(trouble.value)
    assert trouble.value.__context__ is None
    assert heard == [trouble.value]
    assert store.health.trouble is None


def test_rows_that_are_due_for_ever_hold_nobody_up(
    store: SQLStore, spoil: Callable[[str, str, object], bool]
) -> None:
    """However few are asked for, the ones behind come too."""
    spoil("portalkey_outbox", "tries", "often")

    assert [each.id for each in store.pending(1)] == ["owed-of-bob"]
    assert [each.id for each in store.pending(5)] == ["owed-of-bob"]


def test_a_throttle_that_cannot_be_read_is_begun_anew(
    store: SQLStore, spoil: Callable[[str, str, object], bool]
) -> None:
    """Nobody's grant depends on it, and everybody's renewals do."""
    asked = PortionRequest(Limits(1000.0, 1000))
    assert isinstance(store.take_portion("app", asked), Portion)
    spoil("portalkey_provider", "bucket", "empty")
    assert store.update_throttle("app", lambda throttle, _: throttle) is None

    assert isinstance(store.take_portion("app", asked), Portion)
    assert store.update_throttle("app", lambda throttle, _: throttle)


@pytest.mark.parametrize(
    ("column", "value"),
    [("scopes", "'['"), ("status", "'odd'"), ("granted_at", "'NaN'"), ("sealed_access", "NULL")],
)
def test_a_server_keeps_types_and_nothing_more(
    migrated_postgres_url: str, column: str, value: str
) -> None:
    """What JSON, a word, a number and a grant look like is ours to check there too."""
    store = SQLStore.open(migrated_postgres_url)
    fill(store)
    execute(
        migrated_postgres_url,
        f"UPDATE portalkey.portalkey_connections SET {column} = {value} WHERE owner = 'ada'",  # noqa: S608 - our own
    )
    with pytest.raises(StoreUnusable, match="of portalkey_connections does not hold"):
        store.connections("ada", "app")

    assert store.connections("bob", "app")
    store.close()


def test_unknown_scopes_can_be_read_by_the_version_before(tmp_path: Path) -> None:
    """It runs beside this one during an upgrade, and reads a list of words there."""
    store = SQLStore.open(f"sqlite:///{tmp_path}/store.db")
    row = connect(store, scopes=None)

    for fingerprint in ("fingerprint 1", "fingerprint 2"):
        text = store._database.read(lambda tx: tx.scalar(select(connections.c.scopes)))
        assert (text, load(store, row).scopes) == ("[]", None)
        row = next_generation(load(store, row))
        assert store.renew(row, instead_of=fingerprint)
    store.close()
