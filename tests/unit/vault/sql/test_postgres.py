"""PostgreSQL in trouble, at work in many processes, and across a fork."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection as Tx
from sqlalchemy import MetaData, text

from portalkey.errors import (
    AccountTaken,
    OperatorMustAct,
    PortalkeyError,
    StoreBusy,
    StoreUnusable,
)
from portalkey.model.attempt import AttemptStatus
from portalkey.model.events import Event, EventName
from portalkey.model.leases import DenialReason, Lease, LeaseDenied, LeaseRequest
from portalkey.testing import Ahead
from portalkey.testing.samples import (
    begin_exchange,
    connect,
    new_attempt,
    new_connection,
    next_generation,
)
from portalkey.vault import SQLStore
from portalkey.vault.health import StoreCause
from portalkey.vault.sql.migrate import VERSION_TABLE, migrate
from portalkey.vault.sql.postgres import CONNECTIONS, PostgreSQL
from portalkey.vault.sql.tables import metadata
from support.cutting import cutting
from support.forking import in_silent_child
from support.patience import PATIENCE
from support.postgres_server import Server, changed, execute
from support.racing import PROCESSES, raced

pytest_plugins = ("support.postgres",)

CANARY = "canary-password"
HASTE = 0.05


@pytest.fixture
def store(migrated_postgres_url: str, ahead: Ahead) -> Iterator[SQLStore]:
    """A new database with our tables."""
    store = SQLStore.open(migrated_postgres_url, ahead=ahead)
    yield store
    store.close()


@pytest.fixture
def hasty(migrated_postgres_url: str) -> Iterator[SQLStore]:
    """The same database, where nobody waits long for anybody."""
    database = PostgreSQL(migrated_postgres_url, wait=HASTE)
    migrate(database)
    yield SQLStore(database)
    database.close()


@pytest.fixture
def stranger_url(postgres_url: str) -> Iterator[str]:
    """The empty database, for a user who may connect and nothing else."""
    name = f"stranger_{os.urandom(4).hex()}"
    execute(postgres_url, f"CREATE ROLE {name} LOGIN PASSWORD '{CANARY}'")
    yield changed(postgres_url, user=name, password=CANARY)
    execute(postgres_url, f"DROP OWNED BY {name}")
    execute(postgres_url, f"DROP ROLE {name}")


def user_of(url: str) -> str:
    """The user's name in *url*."""
    return str(conninfo_to_dict(url)["user"])


@pytest.mark.parametrize("scheme", ["postgresql://", "postgres://", "postgresql+psycopg://"])
def test_every_usual_address_opens(migrated_postgres_url: str, scheme: str) -> None:
    """However a platform writes it, with any parameter that libpq knows."""
    address = migrated_postgres_url.replace("postgresql://", scheme) + "&sslmode=disable"
    store = SQLStore.open(address)

    assert store.now()
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{CANARY}%zz@host/db",
        f"postgresql://u@host/db?secret={CANARY}",
        f"postgresql://u:{CANARY}@host:port:port/db?",
    ],
)
def test_an_unreadable_address_is_refused(url: str) -> None:
    """The sentence shows how one looks, and repeats nothing of what was given."""
    with pytest.raises(OperatorMustAct, match="PORTALKEY_DATABASE_URL") as refusal:
        SQLStore.open(url)

    assert CANARY not in str(refusal.value)
    assert refusal.value.__cause__ is refusal.value.__context__ is None


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    """Host and database tell the operator where to look."""
    url = f"postgresql://u:{CANARY}@127.0.0.1:1/customers"
    with pytest.raises(StoreUnusable, match=r"customers at 127\.0\.0\.1 \(port 1\) can") as sad:
        SQLStore.open(url)

    assert CANARY not in f"{sad.value!s}{sad.value!r}{PostgreSQL(url)!r}"
    assert sad.value.__cause__ is sad.value.__context__ is None


def test_a_missing_driver_is_named() -> None:
    """Whoever installed portalkey without it is told how to add it."""
    code = """
import sys
sys.modules["psycopg"] = None
from portalkey.errors import BadSettings
from portalkey.vault import SQLStore
try:
    SQLStore.open("postgresql://u:canary@host/db")
except BadSettings as refusal:
    print(refusal)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "pip install 'portalkey[postgres]'" in done.stdout
    assert "canary" not in done.stdout


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"dbname": "nowhere"}, "nowhere at .* is not there"),
        ({"user": "nobody_knows"}, r"\(port [0-9]+\) lets nobody in as user nobody_knows;"),
    ],
)
def test_a_closed_door_is_the_operators_matter(
    stranger_url: str, change: dict[str, str], sentence: str
) -> None:
    """The sentence names what to look at; the server's own words are not repeated."""
    with pytest.raises(StoreUnusable, match=sentence) as trouble:
        SQLStore.open(changed(stranger_url, **change))

    assert CANARY not in str(trouble.value)


def test_a_server_with_no_room_is_busy(stranger_url: str, postgres_url: str) -> None:
    """Somebody will leave, so waiting helps, even at the start; the sentence says what would."""
    execute(postgres_url, f"ALTER ROLE {user_of(stranger_url)} CONNECTION LIMIT 0")
    database = PostgreSQL(stranger_url, wait=HASTE)
    for ask in (lambda: migrate(database), SQLStore(database).now):
        with pytest.raises(StoreBusy, match=r"takes no more connections, .* raise") as busy:
            ask()
        assert busy.value.cause == StoreCause.SERVER_FULL
    database.close()


def test_a_server_with_little_room_serves_all_threads(stranger_url: str, postgres_url: str) -> None:
    """Those of a process share what they got, and no pool of its keeps another one out."""
    user = user_of(stranger_url)
    execute(postgres_url, f"CREATE SCHEMA portalkey AUTHORIZATION {user}")
    store = SQLStore.open(stranger_url)
    connect(store)
    store.close()
    execute(postgres_url, f"ALTER ROLE {user} CONNECTION LIMIT 2")
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        for _ in range(5):
            assert store.connections("ada", "app")
            assert not store.holders(["nobody's"])

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(work) for _ in range(8)]:
            done.result()
    store.close()


@pytest.mark.parametrize(
    ("code", "kind", "sentence"),
    [
        ("40001", StoreBusy, "busy"),
        ("40P01", StoreBusy, "busy"),
        ("53300", StoreBusy, "raise max_connections"),
        ("53200", StoreBusy, "busy"),
        ("57014", StoreBusy, "did not answer in time"),
        ("25006", StoreUnusable, "names the primary server"),
        ("53100", StoreUnusable, "make room on its disk"),
        ("57P04", StoreUnusable, "is not there"),
        ("08006", StoreUnusable, "cannot be reached"),
        ("XX001", StoreUnusable, "is not as portalkey left it"),
    ],
)
def test_a_servers_code_says_who_must_act(code: str, kind: type[Exception], sentence: str) -> None:
    """By the table of SQLSTATEs, whatever language the server speaks."""
    problem = PostgreSQL("postgresql://u@localhost/db").problem(
        psycopg.errors.lookup(code)("canary")
    )

    assert type(problem) is kind
    assert sentence in str(problem)
    assert "canary" not in str(problem)


@pytest.mark.parametrize(
    ("words", "kind", "sentence"),
    [
        ('FATAL:  password authentication failed for user "u"', StoreUnusable, "lets nobody in"),
        (
            "fe_sendauth: no password supplied",
            StoreUnusable,
            "wants a password of user u, and there is none",
        ),
        (
            'authentication method requirement "md5" failed: server requested SASL authentication',
            StoreUnusable,
            "look at require_auth",
        ),
        ("channel binding required, but SSL not in use", StoreUnusable, "no password was sent"),
        ('FATAL:  no pg_hba.conf entry for host "::1"', StoreUnusable, "lets nobody in"),
        ('FATAL:  database "canary" does not exist', StoreUnusable, "is not there"),
        ('FATAL:  permission denied for database "canary"', StoreUnusable, "grant the user"),
        ("server does not support SSL, but SSL was required", StoreUnusable, "look at its sslmode"),
        ("FATAL:  the database system is starting up", StoreBusy, "is just starting"),
        ("FATAL:  sorry, too many clients already", StoreBusy, "raise max_connections"),
        ("FATAL:  no more connections allowed (max_client_conn)", StoreBusy, "max_client_conn"),
        ("Connection refused", StoreUnusable, "look whether the server runs"),
    ],
)
def test_a_door_that_stays_closed_says_why(
    words: str, kind: type[Exception], sentence: str
) -> None:
    """There are only words then; those of the server and of libpq, not the name of the host."""
    told = f'connection failed: connection to server at "password.SSL", port 1 failed: {words}'
    problem = PostgreSQL("postgresql://u@localhost/db").problem(psycopg.OperationalError(told))

    assert type(problem) is kind
    assert sentence in str(problem)
    assert "canary" not in str(problem)


def test_a_standby_is_called_what_it_is(own_postgres: Server) -> None:
    """It answers, and will not be written: at the start, and where it became one meanwhile."""
    store = SQLStore.open(own_postgres.url)
    own_postgres.stop()
    (own_postgres.folder / "data" / "standby.signal").touch()
    own_postgres.start()
    database = PostgreSQL(own_postgres.url)

    with pytest.raises(StoreUnusable, match="names the primary server") as trouble:
        migrate(database)
    with pytest.raises(StoreUnusable, match="names the primary server"):
        store.complete("x")
    assert trouble.value.cause == StoreCause.READ_ONLY
    database.close()
    store.close()


def test_a_host_without_an_address_cannot_be_reached() -> None:
    """Whatever it is called."""
    told = psycopg.OperationalError("failed to resolve host 'password.invalid': not known")
    problem = PostgreSQL("postgresql://u@localhost/db").problem(told)

    assert "cannot be reached" in str(problem)


def test_migrations_and_tables_agree(postgres_url: str) -> None:
    """Columns, types, indexes and constraints, as on SQLite."""
    store = SQLStore.open(postgres_url, seconds=PATIENCE)  # one call looks at every table
    in_our_schema = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(in_our_schema, schema="portalkey")

    def differences(tx: Tx) -> list[object]:
        options = {
            "version_table": VERSION_TABLE,
            "version_table_schema": "portalkey",
            "compare_server_default": True,
        }
        context = MigrationContext.configure(tx, opts=options | {"include_schemas": True})
        return list(compare_metadata(context, in_our_schema))

    assert store._database.read(differences) == []
    store.close()


def test_a_schema_of_its_own_holds_every_table(migrated_postgres_url: str, store: SQLStore) -> None:
    """Our tables in another schema, and whatever else is there, are left alone."""
    connect(store)
    apart = SQLStore.open(migrated_postgres_url, schema="Our own")
    again = SQLStore.open(migrated_postgres_url, schema="Our own")
    connection = connect(apart)

    assert [each.id for each in again.connections("ada", "app")] == [connection.id]
    assert store.connection(connection.id) is None
    assert (
        again._database.read(
            lambda tx: tx.scalars(
                text("SELECT count(*) FROM pg_tables WHERE schemaname = 'Our own'")
            )
        ).one()
        == len(metadata.tables) + 1
    )
    apart.close()
    again.close()


def test_a_newer_store_is_refused(store: SQLStore, migrated_postgres_url: str) -> None:
    """An older portalkey does not know what the newer one keeps there."""
    newer = f"UPDATE portalkey.{VERSION_TABLE} SET version_num = '9999'"  # noqa: S608 - our own name
    store._database.write(lambda tx: tx.execute(text(newer)))
    with pytest.raises(StoreUnusable, match="was made by a newer portalkey"):
        SQLStore.open(migrated_postgres_url)


def test_a_locked_row_is_busy(hasty: SQLStore, migrated_postgres_url: str) -> None:
    """Nothing is half stored, and the next try works."""
    attempt_id, connection = begin_exchange(hasty), new_connection(hasty)
    with psycopg.connect(migrated_postgres_url) as other:
        other.execute("SELECT 1 FROM portalkey.portalkey_attempts FOR UPDATE")
        with pytest.raises(StoreBusy) as busy:
            hasty.connect(attempt_id, connection)

    assert busy.value.__context__ is None
    assert hasty.connection(connection.id) is None
    assert hasty.connect(attempt_id, connection)


def test_who_waited_for_the_row_takes_no_lease_given_meanwhile(
    store: SQLStore, migrated_postgres_url: str
) -> None:
    """PostgreSQL tells the time before it waits for a row: the lease found then ends later."""
    seen = connect(store)
    taken = (
        "UPDATE portalkey.portalkey_connections SET lease_id = 'other',"
        " lease_until = extract(epoch FROM clock_timestamp()) + 30"
    )
    with psycopg.connect(migrated_postgres_url) as other, ThreadPoolExecutor(1) as threads:
        other.execute("SELECT 1 FROM portalkey.portalkey_connections FOR UPDATE")
        asked = threads.submit(store.lease, seen, LeaseRequest("me", 30.0))
        until_it_waits(migrated_postgres_url, asked)
        other.execute(taken)
        other.commit()

        outcome = asked.result()

    assert isinstance(outcome, LeaseDenied)
    assert outcome.why is DenialReason.LEASED


def test_two_owners_at_once_do_not_both_get_an_account(
    store: SQLStore, migrated_postgres_url: str
) -> None:
    """The second looks for owners once the first has committed, however long that takes."""
    attempts = {owner: begin_exchange(store, owner=owner) for owner in ("ada", "eve")}
    rows = {owner: new_connection(store, owner=owner) for owner in attempts}

    def take(owner: str) -> bool:
        event = Event(EventName.CONNECTED, owner, attempts[owner])
        with closing(SQLStore.open(migrated_postgres_url)) as other:  # as in another process
            return other.connect(attempts[owner], rows[owner], event=event, is_sole=True)

    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(migrated_postgres_url) as held, ThreadPoolExecutor(2) as threads:
        # Whoever has looked, and written a connection, does not get to record it.
        held.execute("LOCK TABLE portalkey.portalkey_events IN EXCLUSIVE MODE")
        asked = [threads.submit(take, owner) for owner in attempts]
        with psycopg.connect(migrated_postgres_url, autocommit=True) as looks:
            while looks.execute(f"{query} AND datname = current_database()").fetchone() != (2,):
                assert not any(each.done() for each in asked)
        held.commit()

    refused = [each.exception() for each in asked]
    assert sorted(map(str, map(type, refused))) == sorted(map(str, [type(None), AccountTaken]))
    assert sum(store.connection(row.id) is not None for row in rows.values()) == 1


def until_it_waits(url: str, asked: Future[Any]) -> None:
    """Return once what was *asked* waits for somebody else's row."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(f"{query} AND datname = current_database()").fetchone() == (0,):
            assert not asked.done(), "it waits for nobody"


def test_a_read_sees_one_moment(store: SQLStore, migrated_postgres_url: str) -> None:
    """What is committed in the middle of it is not seen, and it cannot write."""
    count = text("SELECT count(*) FROM portalkey.portalkey_attempts")

    def twice(tx: Tx) -> list[int]:
        before = tx.execute(count).scalar_one()
        new_attempt(store)
        return [before, tx.execute(count).scalar_one()]

    assert store._database.read(twice) == [0, 0]
    with pytest.raises(StoreUnusable, match="primary"):
        store._database.read(
            lambda tx: tx.execute(text("DELETE FROM portalkey.portalkey_attempts"))
        )


def test_tables_that_are_gone_are_the_operators_matter(store: SQLStore) -> None:
    """Whatever else is wrong is said without SQL, parameters or a chained error."""
    store._database.write(
        lambda tx: tx.execute(text("DROP TABLE portalkey.portalkey_connections CASCADE"))
    )
    with pytest.raises(StoreUnusable, match="is not as portalkey left it") as trouble:
        store.connection_to("canary-owner", "app", 1)

    assert "canary" not in str(trouble.value)
    assert trouble.value.__context__ is None


def test_what_raises_is_rolled_back(store: SQLStore) -> None:
    """A transaction happens whole or not at all."""
    attempt = new_attempt(store)

    def half(tx: Tx) -> None:
        tx.execute(text("DELETE FROM portalkey.portalkey_attempts"))
        raise PortalkeyError("stopped half way")

    with pytest.raises(PortalkeyError, match="half way"):
        store._database.write(half)

    assert store.attempt(attempt.id)


def test_a_server_restarts_between_two_calls(own_postgres: Server) -> None:
    """While it is away the caller is told to try again; afterwards all goes on unasked."""
    store = SQLStore.open(own_postgres.url)
    connection = connect(store)
    for end in (own_postgres.stop, own_postgres.kill):
        end()
        for call in (store.now, lambda: store.connections("ada", "app")):
            with pytest.raises(StoreBusy, match="cannot be reached just now"):
                call()
        own_postgres.start()
        assert [each.id for each in store.connections("ada", "app")] == [connection.id]
        assert new_attempt(store)

    store.close()


def test_a_restart_that_nobody_notices(own_postgres: Server) -> None:
    """What lay open while the server was away is replaced without a word."""
    store = SQLStore.open(own_postgres.url)
    connection = connect(store)
    own_postgres.stop()
    own_postgres.start()

    assert [each.id for each in store.connections("ada", "app")] == [connection.id]
    assert new_attempt(store)
    store.close()


def test_a_transaction_cut_off_is_for_later(store: SQLStore) -> None:
    """An operator ended the session in its middle: nothing is written, and waiting helps."""
    attempt = new_attempt(store)

    def cut_off(tx: Tx) -> None:
        tx.execute(text("DELETE FROM portalkey.portalkey_attempts"))
        tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StoreBusy, match="cannot be reached just now"):
        store._database.write(cut_off)

    assert store.attempt(attempt.id)


def test_nothing_is_done_again_after_a_commit_without_an_answer(migrated_postgres_url: str) -> None:
    """It may have been committed: done again, the caller's own attempt would read as another's."""
    with cutting(migrated_postgres_url) as proxy, closing(SQLStore.open(proxy.url)) as store:
        begun = new_attempt(store)
        attempt = replace(begun, id="another", state_hash="another")
        proxy.cut(b"COMMIT\0")
        with pytest.raises(StoreBusy):
            store.add_attempt(attempt, event=Event(EventName.ATTEMPT_STARTED, "ada", attempt.id))
        assert proxy.has_cut.is_set()
        assert store.attempt(attempt.id)
        assert len(store.events(attempt_id=attempt.id)) == 1

        proxy.cut(b"COMMIT\0")
        with pytest.raises(StoreBusy):
            store.move_attempt(begun.id, AttemptStatus.EXCHANGING)
        row = store.attempt(begun.id)
        assert row
        assert row.status is AttemptStatus.EXCHANGING


def test_a_writer_begins_again_where_its_connection_was_gone(
    store: SQLStore, migrated_postgres_url: str
) -> None:
    """Before anything was begun, nothing can be done twice."""
    new_attempt(store)
    execute(
        migrated_postgres_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid != pg_backend_pid()",
    )

    assert new_attempt(store)


def test_a_writer_begins_again_where_a_pooler_forgot_its_statements(store: SQLStore) -> None:
    """The server refused the statement, and undid what came before it."""
    new_attempt(store)
    store._database._drivers.run(lambda driver: driver.pgconn.exec_(b"DEALLOCATE ALL"))

    assert new_attempt(store)


def test_threads_share_a_few_connections(store: SQLStore, migrated_postgres_url: str) -> None:
    """Many threads at once never open more than a process's part of the server's connections."""
    connect(store)
    together = threading.Barrier(4 * CONNECTIONS)

    def ask() -> None:
        together.wait()
        for _ in range(20):
            assert store.connections("ada", "app")  # over those for the fast reads
            assert not store.holders(["nobody's"])  # over those for transactions

    threads = [threading.Thread(target=ask) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with psycopg.connect(migrated_postgres_url) as other:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'portalkey'"
        here = f"{query} AND datname = current_database()"
        (open_ones,) = other.execute(here.encode()).fetchone() or (None,)

    assert open_ones == 2 * CONNECTIONS


def test_a_thread_does_not_wait_for_ever(hasty: SQLStore) -> None:
    """With all connections at work the store is busy."""
    database = hasty._database

    def nested(depth: int) -> None:
        if depth:
            database.read(lambda _: nested(depth - 1))

    def read(depth: int) -> None:
        if depth:
            database._drivers.run(lambda _: read(depth - 1))

    def read_in_turn(depth: int) -> None:
        database._do(lambda: read(depth))

    for ask in (nested, read_in_turn):
        ask(CONNECTIONS)
        with pytest.raises(StoreBusy, match="on every connection of this process") as busy:
            ask(CONNECTIONS + 1)
        assert busy.value.cause == StoreCause.OUT_OF_CONNECTIONS


def test_many_more_threads_than_connections(store: SQLStore) -> None:
    """Threads that ask again and again keep nobody waiting until it is too late."""
    connect(store)
    number, is_over = 8 * CONNECTIONS, threading.Event()
    together, answers = threading.Barrier(number), [0] * number

    def ask(caller: int) -> None:
        together.wait(PATIENCE)
        try:
            while min(answers) < CONNECTIONS and not is_over.is_set():
                assert store.connections("ada", "app")
                answers[caller] += 1
        finally:  # whoever is refused ends it for all
            is_over.set()

    with ThreadPoolExecutor(number) as pool:
        for each in [pool.submit(ask, caller) for caller in range(number)]:
            each.result(PATIENCE)

    assert min(answers) >= CONNECTIONS


def test_a_direct_read_is_planned_once(store: SQLStore) -> None:
    """Where no pooler is in between, the fast reads are prepared statements."""
    connect(store)
    store.connections("ada", "app")

    def prepared(driver: psycopg.Connection[tuple[str]]) -> list[tuple[str]]:
        return driver.execute("SELECT statement FROM pg_prepared_statements").fetchall()

    found = [statement for (statement,) in store._database._drivers.run(prepared)]
    assert sum("portalkey_connections.owner = $" in statement for statement in found) == 1


def test_a_pooler_in_between_after_all_is_noticed(store: SQLStore) -> None:
    """A session that forgot its prepared statements is not relied on again."""
    connect(store)
    store.connections("ada", "app")
    store._database._drivers.run(lambda driver: driver.pgconn.exec_(b"DEALLOCATE ALL"))

    assert store.connections("ada", "app")
    assert store._database._drivers.run(lambda driver: driver.prepare_threshold) is None


def test_the_store_cannot_tell_its_version(store: SQLStore) -> None:
    """PostgreSQL counts no commits that a session may ask for cheaply."""
    assert store.version() is None


def test_one_process_claims(store: SQLStore, migrated_postgres_url: str) -> None:
    """Of eight processes at one moment one gets each attempt."""
    ids = [new_attempt(store).id for _ in range(20)]

    assert raced("claim", migrated_postgres_url, *ids) == f"{PROCESSES} {len(ids)}"


def test_eight_processes_open_an_empty_database(postgres_url: str) -> None:
    """One migrates, the others wait and go on."""
    assert raced("make", postgres_url) == f"{PROCESSES} {PROCESSES}"

    store = SQLStore.open(postgres_url)
    assert len(store.events()) == PROCESSES
    store.close()


FORK = """
import os, sys
from sqlalchemy import MetaData, text
from portalkey.model.events import Event, EventName
from portalkey.vault import SQLStore

def visit(owner):
    store.record(Event(EventName.CONNECTED, owner))
    query = "SELECT pg_backend_pid()"
    kept = store._database._drivers.run(lambda driver: driver.execute(query).fetchone()[0])
    return {kept, store._database.read(lambda tx: tx.scalar(text(query)))}

store = SQLStore.open(sys.argv[1])
parents = visit("parent")
if os.fork() == 0:
    childs = visit("child")
    store.close()
    os._exit(len(childs & parents))
assert os.wait()[1] == 0
visit("parent again")
print([each.owner for each in store.events()])
store.close()
"""


def test_a_child_goes_on_with_sockets_of_its_own(migrated_postgres_url: str) -> None:
    """And what the child closes is not the parent's."""
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", FORK, migrated_postgres_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.stderr, done.stdout) == ("", "['parent', 'child', 'parent again']\n")


def test_a_silent_child_goes_on_with_sockets_of_its_own(store: SQLStore) -> None:
    """Nothing of its parent's is used, though no hook ran; what is open in it leads nowhere."""
    attempts = [new_attempt(store) for _ in range(4)]
    own = store._database
    assert isinstance(own, PostgreSQL)
    assert store.attempt(attempts[0].id)
    sockets = [each.fileno() for each in own._sockets]

    def uses_its_own() -> bool:
        found = [store.attempt(each.id) for each in attempts]
        assert {each.fileno() for each in own._sockets}.isdisjoint(sockets)
        store.record(Event(EventName.CONNECTED))
        nowhere = Path(os.devnull).stat().st_rdev
        is_right = [each and each.id for each in found] == [each.id for each in attempts]
        return is_right and {os.fstat(each).st_rdev for each in sockets} == {nowhere}

    for _ in range(3):
        assert in_silent_child(uses_its_own)
        assert store.attempt(attempts[0].id)
        store.record(Event(EventName.CONNECTED))
    assert [each.fileno() for each in own._sockets] == sockets


def test_a_silent_fork_in_the_middle_leaves_the_parent_its_socket(store: SQLStore) -> None:
    """A child lets go of a connection that is at work, without a word to the server."""
    attempt = new_attempt(store)

    def forked(tx: Tx) -> int:
        assert in_silent_child(lambda: bool(store.attempt(attempt.id)))
        return int(tx.execute(text("SELECT 1")).scalar_one())

    assert store._database.write(forked) == 1


def test_a_fork_in_the_middle_leaves_the_parent_its_socket(store: SQLStore) -> None:
    """A child lets go of a connection that is at work, without a word to the server."""
    attempt = new_attempt(store)

    def forked(tx: Tx) -> int:
        child = os.fork()
        if child == 0:
            os._exit(0 if store.attempt(attempt.id) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        return int(tx.execute(text("SELECT 1")).scalar_one())

    assert store._database.write(forked) == 1


@pytest.fixture
def with_log(own_postgres: Server) -> Iterator[tuple[SQLStore, Callable[[], list[str]]]]:
    """A store, and what the server was told since the last look, one message a line."""
    url = changed(own_postgres.url, options="-c log_statement=all")
    store = SQLStore.open(url)
    log, seen = own_postgres.folder / "log", 0

    def look() -> list[str]:
        nonlocal seen
        text = log.read_text()[seen:]
        seen += len(text)
        return [line for line in text.splitlines() if "LOG:  " in line]

    yield store, look
    store.close()


def test_a_renewed_grant_is_one_message_to_the_server(
    with_log: tuple[SQLStore, Callable[[], list[str]]],
) -> None:
    """In a session of its own one statement is a transaction; nothing is said around it."""
    store, look = with_log
    connection = connect(store)
    for _ in range(2):  # the first time, the session is opened
        (found,) = store.connections(connection.owner, "app")
        renewed = next_generation(found)
        assert found.sealed
        look()
        assert store.renew(renewed, instead_of=found.sealed.fingerprint)

    (said,) = look()
    assert "UPDATE" in said
    assert (store.connection(connection.id) or found).generation == renewed.generation


def test_a_lease_begins_without_settings(
    with_log: tuple[SQLStore, Callable[[], list[str]]],
) -> None:
    """The session has the limits in time already: BEGIN brings none."""
    store, look = with_log
    connection = connect(store)
    request = LeaseRequest("me", 30.0)
    assert isinstance(store.lease(connection, request), Lease)
    look()
    store.lease(connection, request)

    assert not [line for line in look() if "SET LOCAL" in line]
