"""PgBouncer in transaction mode: two sessions for everybody, another one for each transaction."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import Connection
from portalkey.testing.samples import connect, new_attempt, next_generation
from portalkey.vault import SQLStore
from support.postgres_server import Server
from support.racing import PROCESSES, raced

pytest_plugins = ("support.postgres",)

THREADS = 8
ROUNDS = 10

Lead = Callable[[str], str]


def refresh_fingerprint(connection: Connection) -> str:
    """The fingerprint of the refresh token."""
    assert connection.sealed
    return connection.sealed.fingerprint


@pytest.fixture
def url(migrated_postgres_url: str, through_pgbouncer: Lead) -> str:
    """A database of the test's own, through PgBouncer."""
    return through_pgbouncer(migrated_postgres_url)


@pytest.fixture
def store(url: str) -> Iterator[SQLStore]:
    """A store behind PgBouncer."""
    store = SQLStore.open(url)
    yield store
    store.close()


def test_threads_share_two_sessions(store: SQLStore) -> None:
    """Reads, writes and their time-outs work, whatever session each of them finds itself in."""

    def visit(number: int) -> str:
        connection = connect(store, owner=f"owner {number}")
        for _ in range(ROUNDS):
            (found,) = store.connections(connection.owner, "app")
            renewed = next_generation(found)
            assert store.renew(renewed, instead_of=refresh_fingerprint(found))
            assert not store.renew(renewed, instead_of=refresh_fingerprint(found))
        assert store.disconnect(renewed, None)
        return connection.owner

    with ThreadPoolExecutor(THREADS) as threads:
        assert len(set(threads.map(visit, range(THREADS)))) == THREADS


def test_no_session_keeps_anything(store: SQLStore, url: str) -> None:
    """Neither a prepared statement nor a setting nor a lock stays behind for whoever is next."""
    connection = connect(store)
    for _ in range(ROUNDS):
        assert store.connections("ada", "app")
        assert store.connection(connection.id)
        assert new_attempt(store)
    with psycopg.connect(url, prepare_threshold=None) as other:
        kept = [
            other.execute(query).fetchone()
            for query in (
                "SELECT count(*)::text FROM pg_prepared_statements",
                "SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory'",
                "SHOW lock_timeout",
                "SHOW statement_timeout",
                "SHOW transaction_read_only",
            )
        ]

    assert kept == [("0",), ("0",), ("0",), ("0",), ("off",)]


def test_a_schema_of_its_own_holds_in_every_session(url: str) -> None:
    """It is named with each transaction, and in no session for whoever is next."""
    store = SQLStore.open(url, schema="apart")
    connection = connect(store)

    assert [each.id for each in store.connections("ada", "app")] == [connection.id]
    with psycopg.connect(url, prepare_threshold=None) as other:
        assert other.execute("SHOW search_path").fetchone() == ('"$user", public',)
        assert other.execute("SELECT count(*) FROM portalkey.portalkey_connections").fetchone() == (
            0,
        )
    store.close()


def test_one_process_claims(store: SQLStore, url: str) -> None:
    """Of eight processes at one moment one gets each attempt."""
    ids = [new_attempt(store).id for _ in range(ROUNDS)]

    assert raced("claim", url, *ids) == f"{PROCESSES} {len(ids)}"


def test_eight_processes_open_an_empty_database(postgres_url: str, through_pgbouncer: Lead) -> None:
    """One migrates, the others wait and go on."""
    url = through_pgbouncer(postgres_url)
    assert raced("make", url) == f"{PROCESSES} {PROCESSES}"

    store = SQLStore.open(url)
    assert len(store.events()) == PROCESSES
    store.close()


def test_the_server_restarts_behind_it(own_postgres: Server, through_pgbouncer: Lead) -> None:
    """PgBouncer opens new sessions, and the caller notices nothing."""
    store = SQLStore.open(through_pgbouncer(own_postgres.url))
    attempt = new_attempt(store)
    own_postgres.stop()
    own_postgres.start()

    assert store.attempt(attempt.id)
    assert store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
    store.close()
