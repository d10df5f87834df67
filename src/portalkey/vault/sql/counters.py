"""Counters in SQL."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from portalkey.model.counters import Counter, CounterKind, Tally, counter_of, day_of
from portalkey.vault.sql.database import Database, StorePart, Values, to_columns
from portalkey.vault.sql.rows import bind, parameters
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import counters as table


class SQLCounters(StorePart):
    """Adds up what is only counted."""

    def __init__(self, database: Database) -> None:
        """Prepare the statement for *database*."""
        super().__init__(database)
        row = database.insert(table).values(parameters(table.columns.keys()))
        total = {"n": table.c.n + row.excluded.n}
        self._add = database.prepare(
            lambda _: row.on_conflict_do_update(index_elements=["id"], set_=total)
        )

    def count(self, client_id: str, tallies: Collection[Tally]) -> None:
        """Add *tallies* to the counters of today."""

        def add(driver: Driver) -> None:
            day = day_of(self._read_clock(driver))
            counters = [counter_of(client_id, tally, day) for tally in tallies]
            # All processes take the rows in one order, so that none waits for another in a circle.
            for counter in sorted(counters, key=lambda each: each.id):
                self._add.run(driver, bind(_counter_values(counter)))

        self._database.write_fast(add)

    def counters(self, client_id: str, connection_id: str | None = None) -> Sequence[Counter]:
        """Return the counters of one connection, or those of none."""
        # SQLAlchemy makes IS NULL of a comparison with None.
        of = table.c.connection_id == connection_id
        query = select(table).where(table.c.client_id == client_id, of)
        ordered = query.order_by(table.c.day, table.c.kind)
        rows = self._database.read(lambda tx: tx.execute(ordered).mappings().all())
        return [_read_counter(row) for row in rows]


def _counter_values(counter: Counter) -> Values:
    values = {name: getattr(counter, name) for name in table.columns.keys()}  # noqa: SIM118 - not a dict
    return to_columns(values | {"kind": _write_kind(counter)})


def _write_kind(counter: Counter) -> str:
    """Return what the column holds: the kind, and the label after it where there is one."""
    return counter.kind.value if counter.label is None else f"{counter.kind} {counter.label}"


def _read_counter(row: Mapping[Any, Any]) -> Counter:
    kind, _, label = row["kind"].partition(" ")
    return Counter(**{**row, "kind": CounterKind(kind), "label": label or None})
