"""Facts by name, and rows by the label of the key that sealed them, in SQL."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import import_module

from sqlalchemy import ColumnElement, Select, Table, and_, case, delete, func, or_, select
from sqlalchemy import Connection as Tx

from portalkey.model.attempt import SEALED, Attempt
from portalkey.model.connection import AUTHENTICATED, Connection
from portalkey.vault.key_store import seal_prefix
from portalkey.vault.sql.attempts import is_under_way, read_attempt
from portalkey.vault.sql.connections import row_reader, select_rows
from portalkey.vault.sql.database import StorePart, Values, to_columns
from portalkey.vault.sql.dialects import insert_new
from portalkey.vault.sql.outbox import read_owed
from portalkey.vault.sql.tables import attempts, connections, meta, outbox
from portalkey.vault.sql.wall import fetch_rows
from portalkey.vault.store import OwedRevocation, SealCount

_IS_LIVE = connections.c.status.in_([status.value for status in AUTHENTICATED])


class SQLKeys(StorePart):
    """Keeps check values of keys, and finds what a key has sealed."""

    def meta(self, name: str) -> str | None:
        """Return what is kept under *name*."""
        return self._database.read(lambda tx: _read(tx, name))

    def add_meta(self, name: str, value: str) -> str:
        """Keep *value* under *name* unless there is one; return what is there now."""

        def add(tx: Tx) -> str:
            is_new = insert_new(tx, meta, to_columns({"id": name, "value": value}))
            return value if is_new else _read(tx, name) or value

        return self._database.write(add)

    def put_meta(self, name: str, value: str) -> None:
        """Keep *value* under *name*."""
        values = to_columns({"id": name, "value": value})
        self._database.write(lambda tx: _insert_or_replace(tx, values))

    def remove_meta(self, name: str) -> None:
        """Forget what is kept under *name*."""
        statement = delete(meta).where(meta.c.id == name)
        self._database.write(lambda tx: tx.execute(statement))

    def all_meta(self, prefix: str) -> Mapping[str, str]:
        """Return what is kept under names that begin with *prefix*."""
        query = select(meta.c.id, meta.c.value).where(meta.c.id.startswith(prefix, autoescape=True))
        rows = self._database.read(lambda tx: tx.execute(query).all())
        # SQLite takes capital and small letters for the same here.
        return {name: value for name, value in rows if name.startswith(prefix)}

    def key_names(self, client_id: str) -> Collection[str]:
        """Return the labels that the app's rows bear."""
        tables = (connections, outbox)
        return self._database.read(
            lambda tx: {name for table in tables for name in _find_labels(tx, table, client_id)}
        )

    def count_sealed(self, client_id: str, key_name: str) -> SealCount:
        """Return how many rows bear this label."""
        of_connections = select(func.count(), func.sum(case((_IS_LIVE, 1), else_=0)))
        of_connections = of_connections.where(_bears(connections, client_id, key_name))
        of_outbox = select(func.count()).where(_bears(outbox, client_id, key_name))

        def count(tx: Tx) -> SealCount:
            number, live = tx.execute(of_connections).one()
            owed = tx.execute(of_outbox).scalar_one()
            found = len(self._find_attempts(tx, self._select_attempts(key_name), key_name))
            return SealCount(number, live or 0, found, owed)

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
        read = row_reader([each.name for each in query.selected_columns])
        return self._database.read_rows(read, rows, skips=True)

    def attempts_under(self, key_name: str, at_most: int, *, after: str = "") -> Sequence[Attempt]:
        """Return attempts under way with this label, by id."""
        query = self._select_attempts(key_name).where(attempts.c.id > after)
        query = query.order_by(attempts.c.id).limit(at_most)
        return self._database.read(lambda tx: self._find_attempts(tx, query, key_name))

    def _select_attempts(self, key_name: str) -> Select[tuple[object, ...]]:
        prefix = seal_prefix(key_name)
        bears = or_(*[attempts.c[name].startswith(prefix, autoescape=True) for name in SEALED])
        query = select(attempts, self._database.now().label("seen_at"))
        return query.where(is_under_way(self._database, bears))

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


def _insert_or_replace(tx: Tx, values: Values) -> None:
    insert = import_module(f"sqlalchemy.dialects.{tx.dialect.name}").insert
    statement = insert(meta).values(values)
    tx.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def _read(tx: Tx, name: str) -> str | None:
    rows = fetch_rows(tx, select(meta).where(meta.c.id == name), {"id": name})
    return rows[0][1] if rows else None


def _bears(table: Table, client_id: str, key_name: str) -> ColumnElement[bool]:
    return and_(table.c.client_id == client_id, table.c.key_name == key_name)
