"""A network that swallows packets on the way to PostgreSQL, and everything that waits there."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from portalkey._support.time_limit import limit_request
from portalkey.errors import StoreBusy, StoreUnusable
from portalkey.model.leases import LeaseRequest
from portalkey.testing.samples import connect, new_attempt
from portalkey.vault import SQLStore
from portalkey.vault.health import StoreCause
from portalkey.vault.sql.postgres import CONNECTIONS
from processes.relay import relaying
from support.patience import PATIENCE
from support.postgres_server import changed

pytest_plugins = ("support.postgres",)

SECONDS = 1.0
"""One call's time. Without a limit nobody would ever come back: the relay acknowledges all."""
SLACK = 10.0
"""Seconds that a busy machine may take for nothing, far from what a caller was held before."""


@pytest.fixture
def flows() -> threading.Event:
    """Set while the network hands on what it takes."""
    flows = threading.Event()
    flows.set()
    return flows


@pytest.fixture
def through(migrated_postgres_url: str, flows: threading.Event) -> Iterator[str]:
    """The database, by way of that network."""
    server = conninfo_to_dict(migrated_postgres_url)
    port = server.get("port", 5432)
    end = Path(str(server["host"])) / f".s.PGSQL.{port}"

    def to_server() -> socket.socket:
        far = socket.socket(socket.AF_UNIX)
        far.connect(str(end))
        return far

    listener = socket.create_server(("127.0.0.1", 0))
    with relaying(listener, to_server, flows):
        here = str(listener.getsockname()[1])
        yield changed(migrated_postgres_url, host="127.0.0.1", port=here)


@pytest.fixture
def store(through: str) -> Iterator[SQLStore]:
    """The store over it."""
    store = SQLStore.open(through, seconds=SECONDS)
    yield store
    store.close()


def assert_busy_in_time(call: Callable[[], object]) -> None:
    """The *call* says who is silent, and is over soon."""
    began = time.monotonic()
    with pytest.raises(StoreBusy, match="did not answer in time; look at the network") as busy:
        call()

    assert time.monotonic() - began < SECONDS + SLACK
    assert busy.value.cause == StoreCause.NO_ANSWER


def test_lost_packets_hold_nobody_and_all_goes_on_by_itself(
    store: SQLStore, flows: threading.Event, migrated_postgres_url: str
) -> None:
    """Over a connection that was kept, over a new one, reading and writing."""
    connection = connect(store)
    request = LeaseRequest("me", 30.0)
    calls: tuple[Callable[[], object], ...] = (
        lambda: store.connections("ada", "app"),
        lambda: store.claims("ada"),
        lambda: store.lease(connection, request),
        lambda: new_attempt(store),
    )
    for call in calls:  # each way has a connection that it keeps
        call()
    flows.clear()
    for call in calls:
        assert_busy_in_time(call)
    assert store.health.trouble is not None
    flows.set()

    assert [each.id for each in store.connections("ada", "app")] == [connection.id]
    assert new_attempt(store)
    assert store.health.trouble is None
    until_few_are_open(migrated_postgres_url)


def until_few_are_open(url: str) -> None:
    """Return once the server has no more connections of ours than a process keeps."""
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'portalkey' AND datname = current_database()"
    )
    deadline = time.monotonic() + PATIENCE
    with psycopg.connect(url, autocommit=True) as other:
        while (row := other.execute(query).fetchone()) and row[0] > 2 * CONNECTIONS:
            assert time.monotonic() < deadline, row


def test_what_a_lost_client_had_locked_is_free_again(
    store: SQLStore, flows: threading.Event, migrated_postgres_url: str
) -> None:
    """The server ends a transaction of which nothing more is heard, with all its locks."""
    attempt = new_attempt(store)

    def lock_and_vanish(tx: object) -> None:
        query = text("SELECT 1 FROM portalkey.portalkey_attempts FOR UPDATE")
        tx.execute(query)  # type: ignore[attr-defined]
        flows.clear()
        tx.execute(query)  # type: ignore[attr-defined]

    assert_busy_in_time(lambda: store._database.write(lock_and_vanish))
    with psycopg.connect(migrated_postgres_url) as other:
        other.execute(f"SET lock_timeout = '{PATIENCE}s'")
        other.execute("DELETE FROM portalkey.portalkey_attempts")
    flows.set()

    assert store.attempt(attempt.id) is None


def test_a_request_waits_once_for_all_of_its_calls(store: SQLStore, flows: threading.Event) -> None:
    """Ten calls over a silent network take hardly longer than one."""
    store.connections("ada", "app")
    flows.clear()
    began = time.monotonic()
    with limit_request(SECONDS):
        for _ in range(10):
            with pytest.raises(StoreBusy):
                store.connections("ada", "app")
    flows.set()

    assert time.monotonic() - began < 3 * SECONDS + SLACK


def test_all_addresses_of_a_server_have_the_time_together(migrated_postgres_url: str) -> None:
    """A name may stand for many machines, none of which is there any more."""
    with ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            for _ in range(10)
        ]
        url = changed(
            migrated_postgres_url,
            host=",".join(["127.0.0.1"] * len(silent)),
            port=",".join(map(str, silent)),
        )
        began = time.monotonic()
        with pytest.raises(StoreUnusable, match="cannot be reached"):
            SQLStore.open(url, seconds=SECONDS)

    assert time.monotonic() - began < SECONDS + SLACK


def test_many_threads_over_few_connections_are_never_busy(migrated_postgres_url: str) -> None:
    """Sixteen threads take turns at a process's eight connections."""
    store = SQLStore.open(migrated_postgres_url)
    connection = connect(store)
    together = threading.Barrier(16)
    troubles: list[BaseException] = []

    def work(call: Callable[[], object]) -> None:
        together.wait()
        try:
            for _ in range(25):
                call()
        except BaseException as trouble:  # noqa: BLE001 - told below
            troubles.append(trouble)

    calls = (
        partial(store.connections, "ada", "app"),
        partial(store.connection, connection.id),
        partial(store.holders, ["nobody's"]),
        lambda: new_attempt(store),
    )
    threads = [threading.Thread(target=work, args=(calls[each % 4],)) for each in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()

    assert not troubles
