"""Facts by name, and rows by the label of the key that sealed them, in SQL."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import ColumnElement, Table, and_, delete, func, select
from sqlalchemy import Connection as Tx

from portalkey.model.connection import AUTHENTICATED, Connection
from portalkey.vault.sql.connections import row_reader, select_rows
from portalkey.vault.sql.database import StorePart, insert_new, to_columns
from portalkey.vault.sql.outbox import read_owed
from portalkey.vault.sql.tables import connections, meta, outbox
from portalkey.vault.sql.wall import fetch_rows
from portalkey.vault.store import OwedRevocation

_LIVE = connections.c.status.in_([status.value for status in AUTHENTICATED])


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

    def remove_meta(self, name: str) -> None:
        """Forget what is kept under *name*."""
        statement = delete(meta).where(meta.c.id == name)
        self._database.write(lambda tx: tx.execute(statement))

    def key_names(self, client_id: str) -> Collection[str]:
        """Return the labels that the app's rows bear."""
        tables = (connections, outbox)
        return self._database.read(
            lambda tx: {name for table in tables for name in _find_labels(tx, table, client_id)}
        )

    def count_sealed(self, client_id: str, key_name: str) -> int:
        """Return the number of authenticated connections with this label."""
        query = select(func.count()).select_from(connections).where(_bears(client_id, key_name))
        return self._database.read(lambda tx: tx.execute(query).scalar_one())

    def sealed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[Connection]:
        """Return authenticated connections with this label, by id."""
        which = and_(_bears(client_id, key_name), connections.c.id > after)
        query = select_rows(self._database.now(), which)
        query = query.order_by(connections.c.id).limit(at_most)
        asked = {"client_id": client_id, "key_name": key_name}
        rows = self._database.read(lambda tx: fetch_rows(tx, query, asked))
        read = row_reader([each.name for each in query.selected_columns])
        return self._database.read_rows(read, rows, skips=True)

    def owed_under(self, client_id: str, key_name: str) -> Sequence[OwedRevocation]:
        """Return the revocations with this label, by id."""
        which = and_(outbox.c.client_id == client_id, outbox.c.key_name == key_name)
        query = select(outbox).where(which).order_by(outbox.c.id)
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


def _read(tx: Tx, name: str) -> str | None:
    rows = fetch_rows(tx, select(meta).where(meta.c.id == name), {"id": name})
    return rows[0][1] if rows else None


def _bears(client_id: str, key_name: str) -> ColumnElement[bool]:
    c = connections.c
    return and_(c.client_id == client_id, c.key_name == key_name, _LIVE)
