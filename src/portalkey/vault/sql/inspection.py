"""Sizes and ages of what is in a database, for whoever looks after it; nothing is written."""

from sqlalchemy import Connection as Tx
from sqlalchemy import func, literal, select, text

from portalkey.model.connection import AUTHENTICATED
from portalkey.vault.inspection import Inspection
from portalkey.vault.sql.check import look_into
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.dialects import qualify
from portalkey.vault.sql.tables import connections, metadata, provider

_BYTES_OF_FILE = text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
EXACT = 10_000
"""So many rows are counted one by one; what is larger PostgreSQL knows well enough."""

# Until a table is looked through for the first time it knows nothing.
_ROWS = text("SELECT greatest(0, reltuples)::bigint FROM pg_class WHERE oid = to_regclass(:name)")
_BYTES = text("SELECT coalesce(pg_total_relation_size(to_regclass(:name)), 0)")


def inspect_database(database: Database, client_id: str, *, is_quick: bool) -> Inspection:
    """Return sizes and ages of what is in *database*; without the oldest ones if it *is_quick*."""
    return look_into(database, lambda tx: _inspect(tx, client_id, is_quick=is_quick))


def _find_oldest(tx: Tx, client_id: str) -> float | None:
    live = [status.value for status in AUTHENTICATED]
    ours = (connections.c.client_id == client_id, connections.c.status.in_(live))
    oldest: float | None = tx.scalar(select(func.min(connections.c.granted_at)).where(*ours))
    return oldest


def _find_oldest_word(tx: Tx, client_id: str) -> float | None:
    c, live = connections.c, [status.value for status in AUTHENTICATED]
    newest = func.greatest if tx.dialect.name == "postgresql" else func.max
    words = (c.connected_at, *[func.coalesce(each, 0.0) for each in (c.granted_at, c.checked_at)])
    oldest = select(func.min(newest(*words))).where(c.client_id == client_id, c.status.in_(live))
    word: float | None = tx.scalar(oldest)
    return word


def _inspect(tx: Tx, client_id: str, *, is_quick: bool) -> Inspection:
    oldest = None if is_quick else _find_oldest(tx, client_id)
    word = None if is_quick else _find_oldest_word(tx, client_id)
    row = select(provider.c.open_until, provider.c.reason).where(provider.c.id == client_id)
    until, reason = tx.execute(row).first() or (None, None)
    names = sorted(metadata.tables)
    is_server = tx.dialect.name == "postgresql"
    count = _estimate if is_server else _count
    return Inspection(
        rows={name.removeprefix("portalkey_"): count(tx, name) for name in names},
        size=_measure(tx, names) if is_server else tx.execute(_BYTES_OF_FILE).scalar_one(),
        oldest_grant=oldest,
        breaker_reason=reason if until is not None else None,
        oldest_word=word,
    )


def _count(tx: Tx, name: str) -> int:
    return int(tx.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one())


def _estimate(tx: Tx, name: str) -> int:
    some = select(literal(1)).select_from(metadata.tables[name]).limit(EXACT).subquery()
    number = int(tx.execute(select(func.count()).select_from(some)).scalar_one())
    if number < EXACT:
        return number
    return max(number, int(tx.execute(_ROWS, {"name": qualify(tx, name)}).scalar_one()))


def _measure(tx: Tx, names: list[str]) -> int:
    return sum(int(tx.execute(_BYTES, {"name": qualify(tx, n)}).scalar_one()) for n in names)
