"""Which rows of a store another database lacks, and which of two that differ is the newer one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnClause,
    ColumnElement,
    Select,
    Table,
    TableClause,
    any_,
    column,
    literal,
    select,
)
from sqlalchemy import Connection as Tx
from sqlalchemy import table as plain_table

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
)


@dataclass(frozen=True, slots=True)
class Lacking:
    """Rows of the source by what the target has of them.

    ``new`` are not there, the number of ``renumbered`` is another row's, ``changed`` are older
    there; of ``kept`` rows it has something newer. All others are the same.
    """

    new: Sequence[Row] = ()
    renumbered: Sequence[Row] = ()
    changed: Sequence[Row] = ()
    kept: int = 0

    @property
    def rows(self) -> list[Row]:
        """All that is to be brought."""
        return [*self.new, *self.renumbered, *self.changed]


class Kind:
    """The rows of one *table*; *wins* tells whether the first of two is to replace the second."""

    def __init__(self, table: Table, wins: Wins) -> None:
        self.name = table.name.removeprefix("portalkey_")
        self.table = _plain_table(table)
        self._wins = wins

    def lacking(self, tx: Tx, rows: Sequence[Row], *, for_update: bool = False) -> Lacking:
        """What of *rows* the database of *tx* lacks.

        Args:
            tx: A transaction of the target.
            rows: Of the source, with all columns.
            for_update: Let nobody change what is to be changed before *tx* ends.
        """
        there = self._there(tx, rows)
        differing = _differing(rows, there)
        if differing and for_update:  # looked at again: somebody may have come in between
            there |= self._there(tx, differing, for_update=True)
        changed = [row for row in differing if self._wins(row, there[row["id"]])]
        kept = len(differing) - len(changed)
        return Lacking(new=_absent(rows, there), changed=changed, kept=kept)

    def _there(self, tx: Tx, rows: Sequence[Row], *, for_update: bool = False) -> dict[Any, Row]:
        number = self.table.c.id
        query = select(self.table).where(_among(tx, number, [row["id"] for row in rows]))
        query = query.order_by(number)
        found = read_rows(tx, query.with_for_update() if for_update else query)
        return {row["id"]: row for row in found}


class _Connections(Kind):
    """An account that was connected anew at both places stays as the target has it."""

    def lacking(self, tx: Tx, rows: Sequence[Row], *, for_update: bool = False) -> Lacking:
        """What of *rows* the database of *tx* lacks."""
        found = super().lacking(tx, rows, for_update=for_update)
        if not found.new:
            return found
        place = [self.table.c[name] for name in _PLACE]
        owners = [row["owner"] for row in found.new]
        query = select(*place).where(_among(tx, self.table.c.owner, owners))
        taken = set(map(tuple, tx.execute(query)))
        new = [row for row in found.new if _values(row, _PLACE) not in taken]
        kept = found.kept + len(found.new) - len(new)
        return Lacking(new=new, changed=found.changed, kept=kept)


class _Events(Kind):
    """Events never change: two under one number are two, and the second gets another number."""

    def lacking(self, tx: Tx, rows: Sequence[Row], *, for_update: bool = False) -> Lacking:
        """What of *rows* the database of *tx* lacks, under whatever number."""
        del for_update
        there = self._there(tx, rows)
        differing = _differing(rows, there)
        unknown = self._unknown(tx, differing) if differing else []
        return Lacking(new=_absent(rows, there), renumbered=unknown)

    def _unknown(self, tx: Tx, rows: Sequence[Row]) -> list[Row]:
        columns = [each for each in self.table.c if each.name != "id"]
        names = [each.name for each in columns]
        query = select(*columns).where(_among(tx, self.table.c.at, [row["at"] for row in rows]))
        known = set(map(tuple, tx.execute(query)))
        return [row for row in rows if _values(row, names) not in known]


def read_rows(tx: Tx, query: Select[Any]) -> list[Row]:
    """What *query* finds; quicker than SQLAlchemy's own mappings, which are made for a few."""
    names = [each.name for each in query.selected_columns]
    return [dict(zip(names, row, strict=True)) for row in tx.execute(query)]


def _among(tx: Tx, which: ColumnClause[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    if tx.dialect.name == "postgresql":  # one parameter: each of hundreds would have to be planned
        return which == any_(literal(values, ARRAY(which.type)))
    return which.in_(values)


def _absent(rows: Sequence[Row], there: dict[Any, Row]) -> list[Row]:
    return [row for row in rows if row["id"] not in there]


def _differing(rows: Sequence[Row], there: dict[Any, Row]) -> list[Row]:
    return [row for row in rows if row != there.get(row["id"], row)]


def _values(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def _plain_table(table: Table) -> TableClause:
    # Without keys and defaults: rows go over as they are.
    return plain_table(table.name, *[column(each.name, each.type) for each in table.columns])


def _newest_by(*names: str) -> Wins:
    # Where these say nothing the source wins: as a rule, what is moved is what is in use.
    return lambda source, there: _values(source, names) >= _values(there, names)


def _is_further(source: Row, there: Row) -> bool:
    """Whether an attempt came further at the source; an end is final, at either place."""
    ahead, behind = _progress(source), _progress(there)
    return ahead > behind or (ahead == behind and there["status"] in OPEN)


def _progress(attempt: Row) -> tuple[int, bool]:
    order = {status.value: index for index, status in enumerate(_ON_THE_WAY)}
    return order.get(attempt["status"], len(order)), attempt["delivered_at"] is not None


# Connections go before the outbox: a revocation is sent only where no connection lives by it.
KINDS = (
    _Connections(tables.connections, _newest_by("generation", "updated_at", "lease_fence")),
    Kind(tables.attempts, _is_further),
    _Events(tables.events, _newest_by("id")),
    Kind(tables.outbox, _newest_by("tries", "due_at")),
    Kind(tables.provider, _newest_by("bucket_at")),
)
"""Every table, in the order they are moved."""
