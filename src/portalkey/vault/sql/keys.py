"""Facts by name, and rows by the label of the key that sealed them, in SQL."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy import Connection as Tx

from portalkey.model.attempt import SEALED, Attempt
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event
from portalkey.vault.key_store import seal_prefix
from portalkey.vault.sql.attempts import is_under_way, select_attempts
from portalkey.vault.sql.connections import select_rows
from portalkey.vault.sql.database import Database, StorePart, to_columns
from portalkey.vault.sql.events import EventStatement
from portalkey.vault.sql.outbox import read_owed
from portalkey.vault.sql.rows import bind, connection_reader, parameters, read_attempt
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import attempts, connections, meta, outbox
from portalkey.vault.sql.wall import fetch_rows
from portalkey.vault.store import OwedRevocation, SealCount

_ENDED = ConnectionStatus.NEEDS_RECONNECT.value
"""The one status in which a row bears a grant that hands out no token."""
_ESCAPE = "/"
_SPECIAL = re.compile("[/%_]")


class SQLKeys(StorePart):
    """Keeps check values of keys, and finds what a key has sealed."""

    def __init__(self, database: Database) -> None:
        """Prepare the statements for *database*."""
        super().__init__(database)
        row = database.insert(meta).values(parameters(("id", "value")))
        anew = {"value": row.excluded.value}
        self._add_meta = database.prepare(lambda _: row.on_conflict_do_nothing())
        self._put_meta = database.prepare(
            lambda _: row.on_conflict_do_update(index_elements=["id"], set_=anew)
        )
        is_before = and_(meta.c.id == bindparam("which"), meta.c.value == bindparam("before"))
        self._swap_meta = database.prepare(
            lambda _: update(meta).where(is_before).values(value=bindparam("after"))
        )
        self._event = EventStatement(database)
        which = meta.c.id == bindparam("id")
        self._meta = database.prepare(lambda _: select(meta).where(which))
        is_named_so = meta.c.id.like(bindparam("pattern", type_=Text), escape=_ESCAPE)
        self._all_meta = database.prepare(lambda _: select(meta).where(is_named_so))
        self._remove_meta = database.prepare(
            lambda _: delete(meta).where(meta.c.id == bindparam("which"))
        )
        prefix = bindparam("prefix", type_=Text)
        # A range of the index, and to the letter: in PostgreSQL others may sort among them.
        is_between = and_(meta.c.id >= prefix, meta.c.id < bindparam("end", type_=Text))
        is_ours = func.substr(meta.c.id, 1, func.length(prefix)) == prefix
        names = select(meta.c.id).where(is_between, is_ours).order_by(meta.c.id)
        first = names.limit(bindparam("most", type_=Integer))
        self._purge_meta = database.prepare(lambda _: delete(meta).where(meta.c.id.in_(first)))

    def meta(self, name: str) -> str | None:
        """Return what is kept under *name*."""
        return _value_of(self._database.fetch(self._meta, id=name))

    def add_meta(self, name: str, value: str) -> str:
        """Keep *value* under *name* unless there is one; return what is there now."""
        values = bind(to_columns({"id": name, "value": value}))

        def add(driver: Driver) -> str:
            if self._add_meta.run(driver, values).rowcount == 1:
                return value
            return _value_of(self._meta.fetch(driver, {"id": name})) or value

        return self._database.write_fast(add)

    def put_meta(self, name: str, value: str) -> None:
        """Keep *value* under *name*."""
        values = bind(to_columns({"id": name, "value": value}))
        self._database.write_one(self._put_meta, values)

    def remove_meta(self, name: str) -> None:
        """Forget what is kept under *name*."""
        self._database.write_one(self._remove_meta, {"which": name})

    def swap_meta(
        self, name: str, before: str | None, after: str, *, events: Sequence[Event] = ()
    ) -> bool:
        """Keep *after* in the place of *before*, and record *events* with it, or do nothing."""
        new = bind(to_columns({"id": name, "value": after}))

        def swap(driver: Driver) -> bool:
            if before is None:
                done = self._add_meta.run(driver, new)
            else:
                values = {"which": name, "before": before, "after": after}
                done = self._swap_meta.run(driver, to_columns(values))
            if done.rowcount != 1:
                return False
            for event in events:
                self._event.run(driver, event)
            return True

        return self._database.write_fast(swap)

    def all_meta(self, prefix: str) -> Mapping[str, str]:
        """Return what is kept under names that begin with *prefix*."""
        pattern = _SPECIAL.sub(rf"{_ESCAPE}\g<0>", prefix) + "%"
        rows = self._database.fetch(self._all_meta, pattern=pattern)
        # SQLite takes capital and small letters for the same here.
        return {name: value for name, value in rows if name.startswith(prefix)}

    def purge_meta(self, prefix: str, before: str, at_most: int) -> int:
        """Forget the first names that begin with *prefix*, up to *before*."""
        values = {"prefix": prefix, "end": prefix + before, "most": at_most}

        def purge(driver: Driver) -> int:
            number: int = self._purge_meta.run(driver, values).rowcount
            return number

        return self._database.write_fast(purge, durable=False)

    def key_names(self, client_id: str) -> Collection[str]:
        """Return the labels that the app's rows bear."""
        tables = (connections, outbox)
        return self._database.read(
            lambda tx: {name for table in tables for name in _find_labels(tx, table, client_id)}
        )

    def count_sealed(self, client_id: str, key_name: str) -> SealCount:
        """Return how many rows bear this label."""
        of_connections = select(func.count()).where(_bears(connections, client_id, key_name))
        # Those are read from the index alone; of the few whose grant is of no use, the rows.
        of_ended = of_connections.where(connections.c.status == _ENDED)
        of_outbox = select(func.count()).where(_bears(outbox, client_id, key_name))

        def count(tx: Tx) -> SealCount:
            number = tx.execute(of_connections).scalar_one()
            ended = tx.execute(of_ended).scalar_one()
            owed = tx.execute(of_outbox).scalar_one()
            found = len(self._find_attempts(tx, self._select_attempts(key_name), key_name))
            return SealCount(number, number - ended, found, owed)

        return self._database.read(count)

    def sealed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[Connection]:
        """Return connections with this label, by id."""
        which = and_(_bears(connections, client_id, key_name), connections.c.id > after)
        query = select_rows(self._database.now(), which)
        query = query.order_by(connections.c.id).limit(at_most)
        asked = {"client_id": client_id, "key_name": key_name}
        rows = self._database.read(lambda tx: fetch_rows(tx, query, asked))
        read = connection_reader([each.name for each in query.selected_columns])
        return self._database.read_rows(read, rows, skips=True)

    def attempts_under(self, key_name: str, at_most: int, *, after: str = "") -> Sequence[Attempt]:
        """Return attempts under way with this label, by id."""
        query = self._select_attempts(key_name).where(attempts.c.id > after)
        query = query.order_by(attempts.c.id).limit(at_most)
        return self._database.read(lambda tx: self._find_attempts(tx, query, key_name))

    def _select_attempts(self, key_name: str) -> Select[tuple[object, ...]]:
        prefix = seal_prefix(key_name)
        bears = or_(*[attempts.c[name].startswith(prefix, autoescape=True) for name in SEALED])
        now = self._database.now()
        return select_attempts(now).where(is_under_way(now, bears))

    def _find_attempts(
        self, tx: Tx, query: Select[tuple[object, ...]], key_name: str
    ) -> Sequence[Attempt]:
        rows = self._database.read_rows(read_attempt, tx.execute(query).all(), skips=True)
        prefix = seal_prefix(key_name)  # as above
        return [row for row in rows if row.bears(prefix)]

    def owed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[OwedRevocation]:
        """Return revocations with this label, by id."""
        which = and_(_bears(outbox, client_id, key_name), outbox.c.id > after)
        query = select(outbox).where(which).order_by(outbox.c.id).limit(at_most)
        asked = {"client_id": client_id, "key_name": key_name}
        rows = self._database.read(lambda tx: fetch_rows(tx, query, asked))
        return self._database.read_rows(read_owed, rows, skips=True)


def _find_labels(tx: Tx, table: Table, client_id: str) -> Iterator[str]:
    # From label to label along the index: there are few, of however many rows.
    label, ours = table.c.key_name, table.c.client_id == client_id
    name: str | None = tx.scalar(select(func.min(label)).where(ours, label > ""))
    while name is not None:
        yield name
        name = tx.scalar(select(func.min(label)).where(ours, label > name))


def _value_of(rows: Sequence[Sequence[Any]]) -> str | None:
    return rows[0][1] if rows else None


def _bears(table: Table, client_id: str, key_name: str) -> ColumnElement[bool]:
    return and_(table.c.client_id == client_id, table.c.key_name == key_name)
