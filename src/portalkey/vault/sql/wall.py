"""The second wall: what was read for somebody has to say so itself.

Every row that is read for an owner, a connection, an attempt or an app comes by here. Where two
processes share a database's connection, whatever made them do so, each may get the other's answers,
whole and without any error. Such a row is handed on to nobody.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection as Tx
from sqlalchemy import Select

from portalkey.errors import StoreUnusable
from portalkey.model.connection import is_storable
from portalkey.vault.health import StoreCause

log = logging.getLogger("portalkey")

_ALARM = (
    "the database answered with a row of another %s than was asked for; it was not handed on, and "
    "its connection was closed. Two processes may share one: stop them all, and look at what forks "
    "them and at what stands between them and the database"
)


class StrangersRow(StoreUnusable):
    """The database answered with a row that was not asked for; the log says what to look at."""

    def __init__(self, name: str) -> None:
        """Call the operator; *name* is the column that tells."""
        log.critical(_ALARM, name)
        super().__init__(
            f"The database answered with a row of another {name} than was asked for, which was not "
            "handed on; stop the app, and look at what forks its processes and at what stands "
            "between them and the database."
        )
        self.cause = StoreCause.OTHER.value


def require_asked(
    asked: Mapping[str, object], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Raise where one of *rows* is not what was *asked* for.

    Args:
        asked: By column, the value that every row has to have; names of no column say nothing.
        columns: The names of the columns of each row.
        rows: The rows, as the driver gives them.

    Raises:
        StrangersRow: One has another value, or other columns.
    """
    places = [(at, name) for at, name in enumerate(columns) if name in asked]
    for row in rows:
        if len(row) != len(columns):
            raise StrangersRow("kind")
        for at, name in places:
            if row[at] != asked[name]:
                raise StrangersRow(name)


def may_be_stored(values: Mapping[str, object]) -> bool:
    """Return False where one of *values* is a text that no row has: a database refuses it."""
    return all(is_storable(value) for value in values.values() if isinstance(value, str))


def fetch_rows(tx: Tx, query: Select[Any], asked: Mapping[str, object]) -> Sequence[Sequence[Any]]:
    """Return the rows of *query*, each with the values that were *asked* for.

    Raises:
        StrangersRow: One has another; *tx* is over then, and its connection is closed.
    """
    if not may_be_stored(asked):
        return []
    columns = tuple(column.name for column in query.selected_columns)
    rows: Sequence[Sequence[Any]] = tx.execute(query).all()
    try:
        require_asked(asked, columns, rows)
    except StrangersRow:
        tx.invalidate()
        raise
    return rows
