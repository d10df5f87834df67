"""Goal 22: what a connection in constant use leaves in the database, day by day."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bench.place import connect, make_broker
from bench.report import Result, Row
from bench.workbench import Workbench
from portalkey.broker import Broker
from portalkey.model.counters import COUNTERS_DAYS

_CONNECTIONS = 30
_A_DAY = 6
"""Renewals a day, of the sixty or so there may be: they are counted in the same row."""
_DAY = 86_400.0
_MORE = 30
"""Days that are looked at once what is counted has an end."""
_MOST = 100


def left_behind(bench: Workbench) -> Result:
    """Goal 22."""
    place = replace(bench.place(), rate=10_000)
    path = Path(place.database_url.removeprefix("sqlite:///"))
    ahead = 0.0
    broker = make_broker(place, lambda: ahead)
    bench.stack.callback(broker.close)
    connect(broker, range(1, _CONNECTIONS + 1))
    sizes = [_size(path)]
    for day in range(COUNTERS_DAYS + 5 + _MORE):
        bench.tell(f"G22 day {day}")
        for _ in range(_A_DAY):
            ahead += _DAY / _A_DAY
            _use(broker)
        broker.send_owed()
        sizes.append(_size(path))
    steady = (sizes[-1] - sizes[-1 - _MORE]) / _MORE / _CONNECTIONS
    first = (sizes[COUNTERS_DAYS] - sizes[10]) / (COUNTERS_DAYS - 10) / _CONNECTIONS
    return Result(
        goal="G22 bytes a day of a connection in constant use",
        wanted=f"under {_MOST} in events and counters, after retention",
        is_met=steady < _MOST,
        verdict=f"{steady:+.0f} a day once the first counters are {COUNTERS_DAYS} days old, and "
        f"{first:+.0f} a day until then",
        columns=("bytes in use",),
        rows=[
            Row(f"day {day}", (f"{sizes[day]:,}",))
            for day in (0, 10, COUNTERS_DAYS, COUNTERS_DAYS + 5, len(sizes) - 1)
        ],
        why=f"{_CONNECTIONS} connections on SQLite, whose database's clock is moved; pages in use.",
    )


def _use(broker: Broker) -> None:
    for number in range(1, _CONNECTIONS + 1):
        broker.access_token(f"owner-{number}")


def _size(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        ((pages,),) = connection.execute("PRAGMA page_count").fetchall()
        ((free,),) = connection.execute("PRAGMA freelist_count").fetchall()
        ((size,),) = connection.execute("PRAGMA page_size").fetchall()
    return int((pages - free) * size)
