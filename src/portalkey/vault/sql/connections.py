"""Connections in SQL: a write names what it was made from, and returns whether it happened."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, select, update
from sqlalchemy import Connection as Tx

from portalkey.errors import AccountTaken
from portalkey.model import leases, transitions
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event
from portalkey.model.notifications import Subject
from portalkey.vault.sql.attempts import SQLMoves
from portalkey.vault.sql.database import Database, Values
from portalkey.vault.sql.invited import AccountStatements, InvitationStatements
from portalkey.vault.sql.rows import (
    SEALED_COLUMNS,
    bind,
    connection_reader,
    connection_values,
    parameters,
    read_attempt,
)
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import IS_LIVE, attempts
from portalkey.vault.sql.tables import connections as table
from portalkey.vault.sql.wall import require_asked
from portalkey.vault.store import Mark, OwedRevocation

Clock = ColumnElement[float]
Condition = ColumnElement[bool]

_OF_ATTEMPT = len(attempts.columns) + 1
"""The columns of an attempt, and the clock beside them; those of a connection follow."""
_COLUMNS = (*table.columns.keys(), "seen_at")
_ID = _COLUMNS.index("id")
_read_connection = connection_reader(_COLUMNS)
_KEYS = ("id", "owner", "client_id", "hub_id")
"""The columns that a connection keeps for good."""
NO_LEASE = {"lease_id": None, "lease_until": None, "unanswered_since": None}
"""The columns that clear a lease once there is an answer."""


class SQLConnections(SQLMoves):
    """Keeps connections; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Prepare the searches for *database*."""
        super().__init__(database)
        self._put = _PutStatements(database)
        self._accounts = AccountStatements(database)
        self._invited = InvitationStatements(database)
        self._status = database.prepare(_select_both)
        self._by_id = _ConnectionQuery(database, equal("id"))
        self._of_owner = _ConnectionQuery(database, and_(equal("owner", "client_id"), IS_LIVE))
        self._ever_of_owner = _ConnectionQuery(database, equal("owner", "client_id"))
        self._of_account = _ConnectionQuery(database, equal("owner", "client_id", "hub_id"))

    def version(self) -> int | None:
        """Return a number that changes with every commit, if the database has one."""
        return self._database.version()

    def connection(self, connection_id: str) -> Connection | None:
        """Return the connection of this id."""
        return next(iter(self._by_id.fetch(id=connection_id)), None)

    def connections(self, owner: str, client_id: str) -> Sequence[Connection]:
        """Return all of the *owner*'s live connections, oldest first."""
        return self._of_owner.fetch(owner=owner, client_id=client_id)

    def last_connection(self, owner: str, client_id: str) -> Connection | None:
        """Return the *owner*'s connection that came last."""
        return transitions.find_last(self._ever_of_owner.fetch(owner=owner, client_id=client_id))

    def connection_to(self, owner: str, client_id: str, hub_id: int) -> Connection | None:
        """Return the owner's connection to that account."""
        rows = self._of_account.fetch(owner=owner, client_id=client_id, hub_id=hub_id)
        return next(iter(rows), None)

    def attempt_and_connections(
        self, attempt_id: str, owner: str, client_id: str
    ) -> tuple[Attempt | None, Sequence[Connection]]:
        """Return the *owner*'s attempt of this id, and their live connections, oldest first."""
        asked = {"owner": owner, "client_id": client_id}
        rows = self._database.fetch(self._status, id=attempt_id, **asked)
        if not rows:
            return None, []
        found = [(*row[_OF_ATTEMPT:], row[_OF_ATTEMPT - 1]) for row in rows]
        found = [row for row in found if row[_ID] is not None]
        require_asked(asked, _COLUMNS, found)
        (attempt,) = self._database.read_rows(read_attempt, [rows[0][:_OF_ATTEMPT]])
        theirs = self._database.read_rows(_read_connection, found)
        return self._expire_overdue(attempt), _sort_by_age(theirs)

    def connect(
        self,
        attempt_id: str | None,
        connection: Connection,
        *,
        event: Event | None = None,
        owed: OwedRevocation | None = None,
        settled: str | None = None,
        is_sole: bool = False,
    ) -> bool:
        """Write *connection* and move its attempt to ``CONNECTED``, both or neither."""

        def put_and_move(driver: Driver) -> bool | AccountTaken:
            after = self._end_attempt(driver, attempt_id, connection.id)
            is_open = attempt_id is None or after is not None
            invitation_id = after.invitation_id if after else None
            if attempt_id and invitation_id and not self._invited.hold(driver, invitation_id):
                self._moves.move(driver, attempt_id, AttemptStatus.CANCELLED)
                return False
            if is_open and is_sole and self._accounts.is_anothers(driver, connection):
                return AccountTaken()  # raised here, it would cost the connection
            # Where somebody else was first nothing is written, so the attempt can try again.
            if not (is_open and self._put.run(driver, connection)):
                return False
            if after is not None:
                self._moves.save(driver, after)
            if invitation_id:
                self._invited.use(driver, invitation_id, connection.id)
            self._owed.add(driver, owed)
            self._owed.remove(driver, settled)
            if event is not None:
                self._event.run(driver, event, Subject(connection.client_id, connection.hub_id))
            return True

        outcome = self._database.write_fast(put_and_move)
        if isinstance(outcome, AccountTaken):
            raise outcome
        return outcome

    def _end_attempt(
        self, driver: Driver, attempt_id: str | None, connection_id: str
    ) -> Attempt | None:
        """Return the attempt connected, if it was not cancelled; its row is locked until then."""
        if attempt_id is None:
            return None
        attempt = self._moves.settle(driver, attempt_id)
        after = transitions.move(attempt, AttemptStatus.CONNECTED) if attempt else None
        return replace(after, connection_id=connection_id) if after else None

    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Write *mark*, if that is a move and the grant is still the one that was seen."""
        now, status = self._database.now(), mark.status
        retry_at = None if mark.wait is None else self._database.now(mark.wait)
        values = {
            "status": status.value,
            "status_reason": mark.reason,
            "failures": mark.failures,
            "retry_at": retry_at,
            "updated_at": case((table.c.status == status.value, table.c.updated_at), else_=now),
            **clear_try(is_unanswered=mark.is_unanswered),
            **dict.fromkeys(SEALED_COLUMNS if mark.erases else ()),
        }
        befores = transitions.can_become(status, is_told=mark.event is not None)
        can_become = [each.value for each in befores]
        which = and_(has_newest_lease(connection), table.c.status.in_(can_become))
        return self._write_with(
            mark.event,
            lambda tx: update_one(tx, which, values),
            Subject(connection.client_id, connection.hub_id),
        )

    def disconnect(
        self, connection: Connection, owed: OwedRevocation | None, *, event: Event | None = None
    ) -> bool:
        """Erase the sealed grant and keep *owed*, both or neither."""

        def erase_and_owe(tx: Tx) -> bool:
            is_erased = _erase(tx, self._database.now(), connection)
            if is_erased:
                self._owed.add(tx.connection.driver_connection, owed)
            return is_erased

        return self._write_with(
            event, erase_and_owe, Subject(connection.client_id, connection.hub_id)
        )

    def holders(self, fingerprints: Collection[str]) -> int:
        """Return how many live rows hold a refresh token with one of these *fingerprints*."""
        which = and_(table.c.refresh_fingerprint.in_(fingerprints), IS_LIVE)
        query = select(func.count()).select_from(table).where(which)
        return self._database.read(lambda tx: tx.execute(query).scalar_one())


class _PutStatements:
    """Writes whole connections, within somebody's transaction."""

    def __init__(self, database: Database) -> None:
        """Prepare them for *database*."""
        row = database.insert(table).values(parameters(table.columns.keys()))
        self._first = database.prepare(lambda _: row.on_conflict_do_nothing())
        before = [table.c[name] == bindparam(f"new_{name}") for name in _KEYS]
        before.append(table.c.generation == bindparam("before"))
        later = parameters(name for name in table.columns.keys() if name not in _KEYS)  # noqa: SIM118 - not a dict
        update_row = update(table).where(*before).values(later | NO_LEASE)
        self._later = database.prepare(lambda _: update_row)

    def run(self, driver: Driver, connection: Connection) -> bool:
        """Insert a connection of generation 1, or write a later one over the one before."""
        values = bind(connection_values(connection))
        if connection.generation == 1:
            return bool(self._first.run(driver, values).rowcount == 1)
        values["before"] = connection.generation - 1
        return bool(self._later.run(driver, values).rowcount == 1)


class _ConnectionQuery:
    """One prepared search for connections."""

    def __init__(self, database: Database, which: Condition) -> None:
        """Prepare it for *database*."""
        self._database = database
        self._query = database.prepare(lambda now: select_rows(now, which))
        self._read = connection_reader(self._query.columns)

    def fetch(self, **values: object) -> Sequence[Connection]:
        """Return the connections, oldest first, for these *values*."""
        rows = self._database.fetch(self._query, **values)
        found = self._database.read_rows(self._read, rows)
        return _sort_by_age(found)


def _sort_by_age(found: Sequence[Connection]) -> Sequence[Connection]:
    """Return connections, oldest first."""
    # Mostly there is one, and a database sets up its sorting for that one too.
    return sorted(found, key=_age) if len(found) > 1 else found


def _age(connection: Connection) -> tuple[datetime, str]:
    return connection.connected_at, connection.id


def select_rows(now: Clock, which: Condition) -> Select[Any]:
    """Return the query for the rows, in no order, with the clock beside them."""
    return select(table, now.label("seen_at")).where(which)


def _select_both(now: ColumnElement[float]) -> Select[Any]:
    # By names of their own, as both have an id and an owner: the wall looks at the attempt's.
    theirs = [column.label(f"connection_{column.name}") for column in table.columns]
    is_theirs = and_(
        table.c.owner == attempts.c.owner,
        table.c.client_id == bindparam("client_id"),
        IS_LIVE,
    )
    is_it = and_(attempts.c.id == bindparam("id"), attempts.c.owner == bindparam("owner"))
    both = attempts.outerjoin(table, is_theirs)
    return select(*attempts.columns, now.label("seen_at"), *theirs).select_from(both).where(is_it)


def equal(*names: str) -> Condition:
    """Return the condition that the columns of these *names* hold what is bound to them later."""
    return and_(*[table.c[name] == bindparam(name) for name in names])


def has_newest_lease(connection: Connection) -> Condition:
    """Return the condition that the row bears the same grant, and nobody took a lease since."""
    return and_(
        _is_same(connection, connection.generation),
        table.c.refresh_fingerprint == leases.refresh_fingerprint(connection),
        table.c.lease_fence == connection.lease_fence,
    )


def _is_same(connection: Connection, generation: int) -> Condition:
    return and_(table.c.id == connection.id, table.c.generation == generation)


def clear_try(*, is_unanswered: bool) -> Values:
    """Return the columns that clear a lease after a failed try, but for a request still out."""
    names = NO_LEASE.keys() - ({"unanswered_since"} if is_unanswered else set())
    return dict.fromkeys([*names, "forced_at"])


def update_one(tx: Tx, which: Condition, values: Values) -> bool:
    """Write *values*; False where no row is *which*."""
    return tx.execute(update(table).where(which).values(values)).rowcount == 1


def _erase(tx: Tx, now: Clock, connection: Connection) -> bool:
    """Erase the grant and go to the next generation."""
    values = {
        "status": ConnectionStatus.DISCONNECTED.value,
        "status_reason": None,
        "failures": 0,
        "retry_at": None,
        "generation": connection.generation + 1,
        "updated_at": now,
        **dict.fromkeys(SEALED_COLUMNS),
    }
    return update_one(tx, _is_same(connection, connection.generation), values | NO_LEASE)
