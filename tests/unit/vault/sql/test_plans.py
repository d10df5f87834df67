"""No statement scans what grows: the plans of all that a store does, on both databases."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection as Tx
from sqlalchemy import bindparam, select, text

from portalkey.model.attempt import AttemptStatus
from portalkey.model.authorization import Visitor
from portalkey.model.connection import ConnectionStatus
from portalkey.model.counters import CounterKind, Tally
from portalkey.model.events import Event, EventName
from portalkey.model.leases import LeaseRequest
from portalkey.model.notifications import Subject
from portalkey.model.search import (
    END,
    AttemptPlace,
    AttemptSearch,
    ConnectionSearch,
    EventPlace,
    EventSearch,
)
from portalkey.model.throttle import Limits, PortionRequest
from portalkey.model.transitions import AttemptLimits
from portalkey.testing import Ahead
from portalkey.testing.installs import add_pending
from portalkey.testing.invitations import new_invitation
from portalkey.testing.samples import connect, load, new_attempt, new_owed, next_generation
from portalkey.vault import SQLStore
from portalkey.vault.sql.migrate import migrate
from portalkey.vault.sql.open_files import FileConnection
from portalkey.vault.sql.postgres import PostgreSQL
from portalkey.vault.sql.sqlite import SQLite
from portalkey.vault.sql.tables import connections
from portalkey.vault.store import Mark, Store
from support.watched import WatchedPostgreSQL, WatchedSQLite

pytest_plugins = ("support.postgres",)

GROWING = ("attempts", "connections", "events", "outbox", "notifications", "counters")
ASK = LeaseRequest("holder", 30)
ROWS = 3000
ABANDONED = """
INSERT INTO portalkey_attempts (id, owner, state_hash, cookie_hash, browser_hash, redirect_uri,
  opener_origin, next, language, status, created_at, expires_at)
WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :rows)
SELECT 'id ' || i, 'owner ' || i % 7, 'state ' || i, 'c', 'browser ' || i, 'r', 'o', '/', 'en',
  'at_hubspot', :now - i, :now - i + 600 FROM numbers
"""
SEARCHES = [
    ConnectionSearch("app", **named)  # type: ignore[arg-type]
    for named in (
        {},
        {"owner": "ada"},
        {"hub_id": 3},
        {"domain": "example.com"},
        {"key_name": "a"},
        *({"status": status} for status in ConnectionStatus),
        {"status": ConnectionStatus.FAILING, "hub_id": 3},
        {"connected_before": datetime(2030, 1, 1, tzinfo=UTC)},
    )
]
ATTEMPT_SEARCHES = [
    AttemptSearch(),
    AttemptSearch(AttemptPlace(1.5, "id 3"), since=1.0),
    AttemptSearch(owner="ada"),
    *(AttemptSearch(status=status) for status in AttemptStatus),
]
EVENT_SEARCHES = [
    EventSearch(),
    EventSearch(EventPlace(1.5, 3), until=1e10),
    EventSearch(owner="ada"),
    EventSearch(EventPlace(1.5, 3), connection_id="row 1"),
    EventSearch(END, is_backward=True),
    EventSearch(END, connection_id="row 1", is_backward=True),
]
MANY = (
    ABANDONED,
    """
INSERT INTO portalkey_connections (id, owner, client_id, hub_id, account_facts, scopes, status,
  refresh_fingerprint, access_expires_at, generation, failures, connected_at, updated_at)
SELECT 'row ' || i, 'owner ' || i, 'app', i, '{}', '[]', 'connected', 'f' || i, i, 1, 0, i, i
FROM generate_series(1, :rows) AS i WHERE :now > 0""",
    """
INSERT INTO portalkey_events (at, name, owner, attempt_id, facts)
SELECT :now - i, 'connected', 'owner ' || i, 'id ' || i, '{}' FROM generate_series(1, :rows) AS i
""",
    """
INSERT INTO portalkey_outbox (id, client_id, sealed_token, refresh_fingerprint, key_name, tries,
  due_at) SELECT 'many ' || i, 'app', 's', 'f', 'k', 0, :now + i FROM generate_series(1, :rows) AS i
""",
    """
INSERT INTO portalkey_notifications (id, client_id, receiver, lane, number, event_id, name, at,
  due_at, tries, owner, connection_id, facts)
SELECT 'many ' || i, 'app', 'webhook', 'lane ' || i % 700, i, 'evt_' || i, 'connected', :now - i,
  :now + i, 0, 'owner ' || i, 'row ' || i, '{}' FROM generate_series(1, :rows) AS i
""",
)


def use_all(store: Store, ahead: Ahead) -> Mapping[str, Callable[[], object]]:
    """Every method of a store, in an order in which each has something to do."""
    row = connect(store)
    attempt = new_attempt(store)
    owed = new_owed(store)
    throttle = lambda throttle, _: throttle  # noqa: E731 - as it is
    app = Subject("app", 7)
    invitation = new_invitation(store)
    install = add_pending(store)
    opened = Event(EventName.INVITATION_OPENED, "ada")
    store.add_receivers("app", ["billing"])
    store.record(Event(EventName.CONNECTED, "ada", None, row.id), app)
    (owed_event,) = store.due_notifications("app", "billing", 5)

    def purge() -> None:
        ahead.passes(500 * 86400)
        store.purge(1, events_days=400)

    return {
        "now": store.now,
        "version": store.version,
        "add_attempt": lambda: store.add_attempt(
            replace(attempt, id="another", state_hash="another"), AttemptLimits(2, 1)
        ),
        "claims": lambda: store.claims("ada"),
        "attempt": lambda: store.attempt(attempt.id),
        "attempt_and_connections": lambda: store.attempt_and_connections(attempt.id, "ada", "app"),
        "attempt_by_state": lambda: store.attempt_by_state(attempt.state_hash),
        "move_attempt": lambda: store.move_attempt(attempt.id, AttemptStatus.EXCHANGING),
        "ask": lambda: store.ask(attempt.id, "sealed", new_owed(store, id="asked")),
        "cancel_attempts": lambda: store.cancel_attempts("ada"),
        "connect": lambda: connect(store, owner="eve"),
        "claim_install": lambda: store.claim_install(install.id, Visitor("ada", "browser")),
        "questions_with": lambda: store.questions_with(["fingerprint 1", "fingerprint 2"]),
        "pending_installs": lambda: store.pending_installs(attempt.redirect_uri, 5),
        "invite": lambda: new_invitation(store),
        "invitation": lambda: store.invitation(invitation.id),
        "invitation_by_secret": lambda: store.invitation_by_secret(invitation.secret_hash),
        "invitations": lambda: [store.invitations(client_id="app"), store.invitations(owner="ada")],
        "bind_invitation": lambda: store.bind_invitation(invitation.id, "browser", event=opened),
        "withdraw": lambda: store.withdraw(invitation.id, event=opened),
        "deliver": lambda: store.deliver(attempt.id),
        "connection": lambda: store.connection(row.id),
        "connections": lambda: store.connections("ada", "app"),
        "last_connection": lambda: store.last_connection("ada", "app"),
        "connection_to": lambda: store.connection_to("ada", "app", 2**40),
        "lease": lambda: store.lease(load(store, row), ASK),
        "release": lambda: store.release(load(store, row)),
        "take_portion": lambda: store.take_portion("app", PortionRequest(Limits(1000, 1000))),
        "count_authenticated": lambda: store.count_authenticated("app", 3),
        "update_throttle": lambda: store.update_throttle("app", throttle),
        "mark": lambda: store.mark(
            load(store, row),
            Mark(row.status, event=Event(EventName.REFRESH_FAILED, owner="ada")),
        ),
        "renew": lambda: store.renew(next_generation(load(store, row)), instead_of="fingerprint 1"),
        "disconnect": lambda: store.disconnect(load(store, row), owed),
        "holders": lambda: store.holders(["fingerprint 1", "fingerprint 2"]),
        "enqueue": lambda: store.enqueue(new_owed(store, id="another")),
        "pending": lambda: [store.pending(5), store.pending(5, client_id="app")],
        "claim": lambda: store.claim(owed.id, 60),
        "reschedule": lambda: store.reschedule(owed.id, 60),
        "complete": lambda: store.complete(owed.id),
        "stats": lambda: store.stats("app"),
        "record": lambda: store.record(Event(EventName.CONNECTED, "ada", None, row.id), app),
        "event": lambda: store.event("evt_1_1"),
        "receivers": lambda: store.receivers("app"),
        "due_notifications": lambda: store.due_notifications("app", "billing", 5),
        "claim_notification": lambda: store.claim_notification(owed_event.id, 60),
        "reschedule_notification": lambda: store.reschedule_notification(owed_event, 60),
        "complete_notification": lambda: store.complete_notification(replace(owed_event, tries=1)),
        "notify_again": lambda: store.notify_again(owed_event.event, app),
        "give_up_notifications": lambda: store.give_up_notifications("app", "billing", -60, 5),
        "waiting_notifications": lambda: store.waiting_notifications("app"),
        "add_receivers": lambda: store.add_receivers("app", ["billing"]),
        "remove_receiver": lambda: store.remove_receiver("app", "nobody"),
        "count": lambda: store.count("app", [Tally(CounterKind.RENEWED, row.id, 1)] * 2),
        "counters": lambda: [store.counters("app", row.id), store.counters("app")],
        "meta": lambda: store.meta("a"),
        "add_meta": lambda: store.add_meta("a", "b"),
        "put_meta": lambda: store.put_meta("a", "b"),
        "all_meta": lambda: store.all_meta("a"),
        "swap_meta": lambda: store.swap_meta("a", "b", "c", events=[]),
        "purge_meta": lambda: store.purge_meta("a", "9", 5),
        "remove_meta": lambda: store.remove_meta("a"),
        "key_names": lambda: store.key_names("app"),
        "count_sealed": lambda: store.count_sealed("app", "a"),
        "sealed_under": lambda: store.sealed_under("app", "a", 5, after="b"),
        "owed_under": lambda: store.owed_under("app", "k", 5, after="b"),
        "attempts_under": lambda: store.attempts_under("a", 5, after="b"),
        "reseal_connections": lambda: store.reseal_connections([(row, row)] * 2),
        "reseal_attempts": lambda: store.reseal_attempts([(attempt, attempt)]),
        "reseal_owed": lambda: store.reseal_owed([(owed, owed)]),
        "events": lambda: [store.events(owner="ada"), store.events(attempt_id=attempt.id)],
        "find": lambda: [store.find(each, 5, after="b") for each in SEARCHES],
        "find_attempts": lambda: [store.find_attempts(each, 5) for each in ATTEMPT_SEARCHES],
        "find_events": lambda: [store.find_events(each, 5) for each in EVENT_SEARCHES],
        "find_owed": lambda: [
            store.find_owed("app", 5),
            store.find_owed("app", 5, connection_id=row.id),
        ],
        "hasten": lambda: store.hasten(owed.id),
        "claim_looks": lambda: store.claim_looks("app", 5, lambda row: row.seen_at),
        "release_looks": lambda: store.release_looks([load(store, row)]),
        "note_look": lambda: store.note_look(load(store, row), 60),
        "holdings": lambda: store.holdings("ada"),
        "attempts_of": lambda: store.attempts_of("ada"),
        "erase_owner": lambda: store.erase_owner("nobody", Event(EventName.OWNER_ERASED)),
        "scrub": store.scrub,
        "purge": purge,
        "close": store.close,
    }


def test_every_method_is_looked_at(store: SQLStore, ahead: Ahead) -> None:
    """What a store learns to do is named here."""
    parts = [each for each in Store.__mro__ if each.__module__.startswith("portalkey.")]
    names = {name for part in parts for name in vars(part)}
    methods = {name for name in names if not name.startswith("_")} - {"is_personal", "health"}

    assert set(use_all(store, ahead)) == methods


def plans_of_sqlite(path: Path, statements: list[str]) -> Iterator[str]:
    """What SQLite would do for each statement, a line a step."""
    with closing(sqlite3.connect(path)) as connection:
        for each in dict.fromkeys(statements):
            if each.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
                for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {each}"):
                    yield f"{step} | {each}"


def scans_of(steps: Iterator[str]) -> list[str]:
    """The steps that look at all of a table that grows, by its index or without."""
    return [
        each for each in steps for table in GROWING if each.startswith(f"SCAN portalkey_{table}")
    ]


def test_no_statement_scans_in_sqlite(path: Path, ahead: Ahead) -> None:
    """Without figures of what is in the tables, as SQLite has none by itself."""
    file = WatchedSQLite(path, ahead=ahead)
    file.statements = []
    migrate(file)
    file.statements.clear()
    with closing(SQLStore(file)) as store:
        for use in use_all(store, ahead).values():
            use()

    assert len(file.statements) > len(use_all.__annotations__)
    assert scans_of(plans_of_sqlite(path, file.statements)) == []


def test_a_scan_would_be_seen_in_sqlite(store: SQLStore, path: Path) -> None:
    """Negative control: by no index, and by all of one."""
    for statement in (
        "SELECT * FROM portalkey_attempts WHERE cookie_hash = 'x'",
        "SELECT count(*) FROM portalkey_events",
        "DELETE FROM portalkey_outbox WHERE tries = 3",
    ):
        assert scans_of(plans_of_sqlite(path, [statement])), statement


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of PostgreSQL's plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes_of(child)


def is_scan(node: dict[str, Any]) -> bool:
    """True where all of a table or of an index is looked at."""
    if node["Node Type"] == "Seq Scan":
        return node["Relation Name"].removeprefix("portalkey_") in GROWING
    by_index = {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}
    return node["Node Type"] in by_index and "Index Cond" not in node


def scans_in_postgresql(url: str, statements: list[tuple[Any, Any]]) -> list[str]:
    """The statements for which PostgreSQL looks at all of a table that grows."""
    scans = []
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("SET enable_seqscan = off")
        for query, params in statements:
            words = query if isinstance(query, str) else query.decode()
            if not words.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
                continue
            ((plan,),) = connection.execute(f"EXPLAIN (FORMAT JSON) {words}", params)
            scans += [words for node in nodes_of(plan[0]["Plan"]) if is_scan(node)]
    return scans


def fill(database: PostgreSQL | SQLite, *statements: str, rows: int = ROWS) -> None:
    """Rows by the thousand, some of each kind too old to be kept."""

    def write(tx: Tx) -> None:
        now = tx.execute(select(database.now())).scalar_one() - 7200
        if isinstance(database, PostgreSQL):
            tx.execute(text("SET LOCAL search_path TO portalkey"))
        for each in statements:
            tx.execute(text(each), {"rows": rows, "now": now})

    database.write(write)


def test_no_statement_scans_in_postgresql(migrated_postgres_url: str, ahead: Ahead) -> None:
    """With so many rows that a scan would cost more, and with the figures of them."""
    database = WatchedPostgreSQL(migrated_postgres_url, ahead=ahead)
    database.statements = []
    migrate(database)
    fill(database, *MANY)
    with psycopg.connect(migrated_postgres_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    database.statements.clear()
    with closing(SQLStore(database)) as store:
        for use in use_all(store, ahead).values():
            use()

    assert database.statements
    assert scans_in_postgresql(migrated_postgres_url, database.statements) == []


def test_every_statement_names_the_schema(migrated_postgres_url: str, ahead: Ahead) -> None:
    """What goes by a session's ``search_path`` finds the host's tables, or none."""
    database = WatchedPostgreSQL(migrated_postgres_url, ahead=ahead)
    database.statements = []
    migrate(database)
    with closing(SQLStore(database)) as store:
        for use in use_all(store, ahead).values():
            use()
    told = [query if isinstance(query, str) else query.decode() for query, _ in database.statements]
    ours = [words for words in told if "portalkey_" in words.replace("portalkey_alembic", "")]

    assert len(ours) > len(GROWING)
    assert [words for words in ours if re.search(r"(?<!portalkey\.)\bportalkey_", words)] == []


def test_a_scan_would_be_seen_in_postgresql(migrated_postgres_url: str) -> None:
    """Negative control: by no index, and by all of one."""
    for statement in (
        "SELECT * FROM portalkey.portalkey_attempts WHERE cookie_hash = 'x'",
        "SELECT id FROM portalkey.portalkey_events ORDER BY id",
    ):
        assert scans_in_postgresql(migrated_postgres_url, [(statement, None)]), statement


class Large(SQLStore):
    """A store that takes one connection for many."""

    MANY = 1
    REUSE_SECONDS = 3600


def test_a_large_census_is_used_again(path: Path, ahead: Ahead) -> None:
    """It looks at all connections, so how often somebody scrapes must not matter."""
    with closing(Large.open(f"sqlite:///{path}", ahead=ahead)) as store:
        assert store.stats("app").connections == dict.fromkeys(ConnectionStatus, 0)
        connect(store)
        first = store.stats("app")
        connect(store, owner="eve")
        store.enqueue(new_owed(store))

        assert store.stats("app").connections == first.connections
        assert store.stats("app").outbox == 1


class Counting(SQLite):
    """A file that counts the steps of SQLite's machine: the same work is the same number."""

    steps = 0

    def _connect(self) -> FileConnection:
        connection = super()._connect()
        connection.set_progress_handler(self._count, 10)
        return connection

    def _count(self) -> int:
        self.steps += 1
        return 0


OTHERS = """
INSERT INTO portalkey_connections (id, owner, client_id, hub_id, hub_domain, account_facts, scopes,
  status, access_expires_at, generation, failures, connected_at, updated_at)
WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :rows)
SELECT 'z ' || i, 'owner ' || i, 'app', i + 9, 'd ' || i, '{}', '[]', 'needs_reconnect', i, 1, 0,
  :now, :now FROM numbers
"""


@pytest.mark.parametrize("search", SEARCHES[1:6], ids=["owner", "hub", "domain", "key", "status"])
def test_finding_one_costs_nothing_for_the_others(
    path: Path, ahead: Ahead, search: ConnectionSearch
) -> None:
    """However many others are connected, before and behind it."""
    file = Counting(path, ahead=ahead)
    migrate(file)
    with closing(SQLStore(file)) as store:
        store.find(search, 5)  # once, as connections are opened for it
        steps = []
        for statements in ((), (OTHERS,)):
            fill(file, *statements)
            file.steps = 0
            store.find(search, 5)
            steps.append(file.steps)

    assert 0 < steps[1] <= steps[0] * 1.5 + 20, steps


PLANNED = "UPDATE portalkey_connections SET status = 'connected', check_at = 1e10 + :rows + :now"


@pytest.mark.parametrize("others", [(OTHERS,), (OTHERS, PLANNED)], ids=["ended", "planned"])
def test_what_is_due_is_found_among_what_is_not(
    path: Path, ahead: Ahead, others: tuple[str, ...]
) -> None:
    """However many have ended, or are looked at later: the same steps as without them."""
    file = Counting(path, ahead=ahead)
    migrate(file)
    with closing(SQLStore(file)) as store:

        def claim() -> int:
            connect(store, owner=f"owner at {ahead.seconds}")
            ahead.passes(1)
            file.steps = 0
            found = store.claim_looks("app", 5, lambda row: row.seen_at + timedelta(days=1))
            assert len(found) == 1
            return file.steps

        claim()  # once, as connections are opened for it
        before = claim()
        fill(file, *others)
        after = claim()

    assert 0 < after <= before * 1.5 + 20, (before, after)


REMEMBERED = """
INSERT INTO portalkey_meta (id, value)
WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :rows)
SELECT 'hubspot_request app ' || (20000000 + i) || ' s', :now FROM numbers
"""


def test_remembered_requests_are_forgotten_by_range(path: Path, ahead: Ahead) -> None:
    """However many are still to be remembered: the same steps as without them."""
    file = Counting(path, ahead=ahead)
    migrate(file)
    with closing(SQLStore(file)) as store:

        def purge() -> int:
            store.put_meta("hubspot_request app 10000000 s", "v")
            file.steps = 0
            assert store.purge_meta("hubspot_request app ", "10000001", 5) == 1
            return file.steps

        purge()  # once, as connections are opened for it
        before = purge()
        fill(file, REMEMBERED)
        after = purge()

    assert 0 < after <= before * 1.5 + 20, (before, after)


@pytest.mark.parametrize("work", ["begin", "purge", "delete a user"])
def test_abandoned_attempts_cost_nothing(path: Path, ahead: Ahead, work: str) -> None:
    """However many there are of this owner and of others: the same steps as without them."""
    file = Counting(path, ahead=ahead)
    migrate(file)
    with closing(SQLStore(file)) as store:
        uses: Mapping[str, Callable[[], object]] = {
            "begin": lambda: new_attempt(store, owner="owner 1"),
            "purge": lambda: store.purge(200, events_days=400),
            "delete a user": lambda: store.cancel_attempts("owner 1"),
        }
        use = uses[work]
        use()  # once, as connections are opened for it
        steps = []
        for statements in ((), (ABANDONED,)):
            fill(file, *statements)
            file.steps = 0
            use()
            steps.append(file.steps)

    assert 0 < steps[1] <= steps[0] * 1.5 + 20, steps


class Planned(SQLite):
    """A file that counts what SQLite asks as it compiles a statement."""

    questions = 0

    def _connect(self) -> FileConnection:
        connection = super()._connect()
        connection.set_authorizer(self._allow)
        return connection

    def _allow(self, *_: object) -> int:
        self.questions += 1
        return sqlite3.SQLITE_OK


@pytest.mark.parametrize("read", ["connections", "connection", "last_connection", "attempt"])
def test_what_is_read_often_is_planned_once(path: Path, ahead: Ahead, read: str) -> None:
    """A value bound beside a partial index that speaks of it is planned with, each time anew."""
    file = Planned(path, ahead=ahead)
    migrate(file)
    with closing(SQLStore(file)) as store:
        connection, attempt = connect(store), new_attempt(store)
        reads: Mapping[str, Callable[[], object]] = {
            "connections": lambda: store.connections(connection.owner, "app"),
            "connection": lambda: store.connection(connection.id),
            "last_connection": lambda: store.last_connection(connection.owner, "app"),
            "attempt": lambda: store.attempt(attempt.id),
        }
        assert reads[read]()
        file.questions = 0
        assert reads[read]()

    assert file.questions == 0


def test_a_statement_that_is_planned_anew_would_be_seen(path: Path, ahead: Ahead) -> None:
    """Negative control: a bound value of which a partial index speaks."""
    file = Planned(path, ahead=ahead)
    migrate(file)
    live = file.prepare(
        lambda _: select(connections.c.id).where(connections.c.status != bindparam("status"))
    )
    file.fetch(live, status="disconnected")
    file.questions = 0
    file.fetch(live, status="disconnected")
    file.close()

    assert file.questions > 0


BEHIND = """
INSERT INTO portalkey_notifications (id, client_id, receiver, lane, number, event_id, name, at,
  due_at, tries, facts)
WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :rows)
SELECT 'behind ' || i, 'app', 'billing', 'row', 1000000 + i, 'evt_' || i, 'healed', :now, :now, 0,
  '{}' FROM numbers
"""


def test_what_waits_behind_another_costs_nothing(path: Path, ahead: Ahead) -> None:
    """However much of one connection it is, while its first is not due again."""
    file = Counting(path, ahead=ahead)
    migrate(file)
    with closing(SQLStore(file)) as store:
        store.add_receivers("app", ["billing"])
        store.record(Event(EventName.HEALED, "ada", None, "row"), Subject("app"))
        (first,) = store.due_notifications("app", "billing", 5)
        steps = []
        for statements in ((), (BEHIND,)):
            fill(file, *statements)
            store.reschedule_notification(first, 3600)
            file.steps = 0
            assert list(store.due_notifications("app", "billing", 5)) == []
            steps.append(file.steps)

    assert steps[1] <= steps[0] * 1.5 + 20, steps
