"""Goal 13: a million rows, and whether finding what is due or wanted gets slower with them."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from statistics import median

from bench.place import OWNER, connect, make_broker
from bench.report import Result, Row, duration
from bench.rounds import interleaved, ratio, slow
from bench.workbench import Workbench
from portalkey.broker import Broker
from portalkey.vault.sql.outbox import outbox_values
from portalkey.vault.store import OwedRevocation

_FEW, _MANY = 10_000, 1_000_000
_AT_ONCE = 100
_DUE_EVERY = 0.001
"""Of all rows so many are due, but never fewer than are taken at once."""
_STRIDE = 7919
"""Between two owners who are looked for, so that no two share a page."""
_DUE, _ROW = "what is due", "an owner's connection"


def due(bench: Workbench) -> Result:
    """Goal 13."""
    sizes = {"few": _FEW, "many": bench.times(_MANY)}
    measures = {}
    for name, size in sizes.items():
        broker = _filled(bench, size)
        for what, call in _calls(broker, size).items():
            measures[f"{what}, {name}"] = slow(call, bench.times(200, 50))
    found = interleaved(measures, bench.rounds, lambda: bench.tell("G13"))
    slower = {what: ratio(found[f"{what}, many"], found[f"{what}, few"]) for what in (_DUE, _ROW)}
    return Result(
        goal="G13 a million rows",
        wanted="finding what is due is at most 3 times slower at 1,000,000 rows than at 10,000",
        is_met=slower[_DUE] <= 3 if sizes["many"] == _MANY else None,
        verdict=f"{slower[_DUE]:.1f} times slower; {_ROW} {slower[_ROW]:.1f} times",
        columns=(f"{sizes['few']:,} rows", f"{sizes['many']:,} rows", "times slower"),
        rows=[
            Row(
                what,
                (
                    duration(median(found[f"{what}, few"])),
                    duration(median(found[f"{what}, many"])),
                    f"{slower[what]:.1f}",
                ),
            )
            for what in (_DUE, _ROW)
        ],
        why="Connections are renewed when they are used, so nothing sweeps over them; what has to "
        "be found are revocations that HubSpot is still owed. SQLite, one process.",
        raw={"seconds": found},
    )


def _calls(broker: Broker, size: int) -> dict[str, Callable[[], object]]:
    store = broker.vault.store
    owners = (f"other-{n * _STRIDE % (size - 1):07}" for n in count())
    assert len(store.pending(_AT_ONCE)) == _AT_ONCE
    return {_DUE: lambda: store.pending(_AT_ONCE), _ROW: lambda: broker.connections(next(owners))}


def _filled(bench: Workbench, size: int) -> Broker:
    bench.tell(f"G13 filling {size:,} rows")
    place = bench.place()
    broker = make_broker(place)
    bench.stack.callback(broker.close)
    connect(broker, [1])
    owed = _sample(broker)
    path = Path(place.database_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous=OFF")
        _multiply(connection, size)
        _owe(connection, owed, size)
    return broker


def _sample(broker: Broker) -> OwedRevocation:
    (connection,) = broker.connections(OWNER)
    vault = broker.vault
    return vault._build_revocation(vault.open_refresh(connection), connection.id)


def _multiply(connection: sqlite3.Connection, size: int) -> None:
    """Copy the first connection under other ids, owners and lineages; nobody opens their seals."""
    cursor = connection.execute("SELECT * FROM portalkey_connections")
    names = [each[0] for each in cursor.description]
    row = dict(zip(names, cursor.fetchone(), strict=True))
    marks = ", ".join(f":{name}" for name in names)
    connection.executemany(
        f"INSERT INTO portalkey_connections ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - our own names
        (
            {
                **row,
                "id": f"id-{n:07}",
                "owner": f"other-{n:07}",
                "refresh_fingerprint": f"{n:07}",
            }
            for n in range(size - 1)
        ),
    )


def _owe(connection: sqlite3.Connection, owed: OwedRevocation, size: int) -> None:
    values = outbox_values(owed)
    names, later = list(values), 4e9
    due_rows = max(_AT_ONCE, int(size * _DUE_EVERY))
    marks = ", ".join(f":{name}" for name in names)
    connection.executemany(
        f"INSERT INTO portalkey_outbox ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - our own names
        (
            {**values, "id": f"id-{n:07}", "due_at": n if n < due_rows else later + n}
            for n in range(size)
        ),
    )
