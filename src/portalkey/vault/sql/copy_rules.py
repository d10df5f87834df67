"""Rules of a move: the rows that another database lacks, and the newer one of two that differ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    MetaData,
    Select,
    Table,
    any_,
    literal,
    select,
)
from sqlalchemy import Connection as Tx

from portalkey.model.attempt import OPEN, AttemptStatus
from portalkey.vault.sql import tables

Row = dict[str, Any]
Wins = Callable[[Row, Row], bool]

_PLACE = ("owner", "client_id", "hub_id")
_ON_THE_WAY = (
    AttemptStatus.STARTED,
    AttemptStatus.AT_HUBSPOT,
    AttemptStatus.RETURNED,
    AttemptStatus.EXCHANGING,
    AttemptStatus.ASKING,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows of the source by what the target has of them.

    ``new`` are not present, the number of ``renumbered`` is another row's, ``changed`` are older
    there; of ``newer`` rows it has a newer version. All others are the same.
    """

    new: Sequence[Row] = ()
    renumbered: Sequence[Row] = ()
    changed: Sequence[Row] = ()
    newer: int = 0

    @property
    def rows(self) -> list[Row]:
        """All rows that are to be brought."""
        return [*self.new, *self.renumbered, *self.changed]


class Kind:
    """The rows of one *table*; *wins* tells whether the first of two is to replace the second."""

    def __init__(self, table: Table, wins: Wins) -> None:
        self.name = table.name.removeprefix("portalkey_")
        self.table = _plain_table(table)
        self._wins = wins

    def compare(self, tx: Tx, rows: Sequence[Row], *, for_update: bool = False) -> Difference:
        """Return what the database of *tx* lacks of *rows*.

        Args:
            tx: A transaction of the target.
            rows: Of the source, with all columns.
            for_update: Let nobody change what is to be changed before *tx* ends.
        """
        present = self._load_same(tx, rows)
        differing = _find_differing(rows, present)
        if differing and for_update:  # looked at again: somebody may have come in between
            present |= self._load_same(tx, differing, for_update=True)
        changed = [row for row in differing if self._wins(row, present[row["id"]])]
        newer = len(differing) - len(changed)
        return Difference(new=_find_absent(rows, present), changed=changed, newer=newer)

    def _load_same(
        self, tx: Tx, rows: Sequence[Row], *, for_update: bool = False
    ) -> dict[Any, Row]:
        number = self.table.c.id
        query = select(self.table).where(_is_among(tx, number, [row["id"] for row in rows]))
        query = query.order_by(number)
        present = read_rows(tx, query.with_for_update() if for_update else query)
        return {row["id"]: row for row in present}


class _Connections(Kind):
    """An account that was connected anew at both places stays as the target has it."""

    def compare(self, tx: Tx, rows: Sequence[Row], *, for_update: bool = False) -> Difference:
        """Return what the database of *tx* lacks of *rows*."""
        difference = super().compare(tx, rows, for_update=for_update)
        if not difference.new:
            return difference
        place = [self.table.c[name] for name in _PLACE]
        owners = [row["owner"] for row in difference.new]
        query = select(*place).where(_is_among(tx, self.table.c.owner, owners))
        places = set(map(tuple, tx.execute(query)))
        new = [row for row in difference.new if _values_of(row, _PLACE) not in places]
        newer = difference.newer + len(difference.new) - len(new)
        return Difference(new=new, changed=difference.changed, newer=newer)


class _Events(Kind):
    """Events never change: two under one number are two, and the second gets another number."""

    def compare(self, tx: Tx, rows: Sequence[Row], *, for_update: bool = False) -> Difference:
        """Return what the database of *tx* lacks of *rows*, under whatever number."""
        del for_update
        present = self._load_same(tx, rows)
        differing = _find_differing(rows, present)
        unknown = self._find_unknown(tx, differing) if differing else []
        return Difference(new=_find_absent(rows, present), renumbered=unknown)

    def _find_unknown(self, tx: Tx, rows: Sequence[Row]) -> list[Row]:
        columns = [each for each in self.table.c if each.name != "id"]
        names = [each.name for each in columns]
        query = select(*columns).where(_is_among(tx, self.table.c.at, [row["at"] for row in rows]))
        stored = set(map(tuple, tx.execute(query)))
        return [row for row in rows if _values_of(row, names) not in stored]


def read_rows(tx: Tx, query: Select[Any]) -> list[Row]:
    """Return the rows of *query*; quicker than SQLAlchemy's own mappings, made for a few."""
    names = [each.name for each in query.selected_columns]
    return [dict(zip(names, row, strict=True)) for row in tx.execute(query)]


def _is_among(tx: Tx, which: Column[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    if tx.dialect.name == "postgresql":  # one parameter: each of hundreds would have to be planned
        return which == any_(literal(values, ARRAY(which.type)))
    return which.in_(values)


def _find_absent(rows: Sequence[Row], present: dict[Any, Row]) -> list[Row]:
    return [row for row in rows if row["id"] not in present]


def _find_differing(rows: Sequence[Row], present: dict[Any, Row]) -> list[Row]:
    return [row for row in rows if row != present.get(row["id"], row)]


def _values_of(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def _plain_table(table: Table) -> Table:
    # Without keys and defaults: rows go over as they are.
    return Table(table.name, MetaData(), *[Column(each.name, each.type) for each in table.columns])


def _newest_by(*names: str) -> Wins:
    # Where these say nothing the source wins: as a rule, what is moved is what is in use.
    return lambda source, target: _values_of(source, names) >= _values_of(target, names)


def _is_further(source: Row, target: Row) -> bool:
    """Return True where an attempt came further at the source; an end is final, at either place."""
    ahead, behind = _progress(source), _progress(target)
    return ahead > behind or (ahead == behind and target["status"] in OPEN)


def _is_later(source: Row, target: Row) -> bool:
    """Return True where more has become of an invitation at the source; an end is final."""
    return _steps(source) > _steps(target)


def _steps(invitation: Row) -> int:
    is_over = any(invitation[name] is not None for name in ("used_at", "withdrawn_at"))
    return 2 * is_over + (invitation["bound_at"] is not None)


def _progress(attempt: Row) -> tuple[int, bool]:
    order = {status.value: index for index, status in enumerate(_ON_THE_WAY)}
    return order.get(attempt["status"], len(order)), attempt["delivered_at"] is not None


# Connections go before the outbox: a revocation is sent only where no connection lives by it.
KINDS = (
    _Connections(tables.connections, _newest_by("generation", "updated_at", "lease_fence")),
    Kind(tables.attempts, _is_further),
    Kind(tables.invitations, _is_later),
    _Events(tables.events, _newest_by("id")),
    Kind(tables.outbox, _newest_by("tries", "due_at")),
    Kind(tables.notifications, _newest_by("tries", "due_at")),
    Kind(tables.provider, _newest_by("bucket_at")),
    Kind(tables.counters, _newest_by("n")),
    # The source's, as the rows are that it checks the keys of.
    Kind(tables.meta, _newest_by()),
)
"""Every table, in the order they are moved."""
