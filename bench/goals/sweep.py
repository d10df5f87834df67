"""Goal 27: what a day of looks at 100,000 idle connections costs, and who is slower for it."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench.place import Place, connect, leave, make_broker
from bench.report import Result, Row, duration
from bench.workbench import Workbench
from portalkey.broker import Broker

_ROWS, _AT_ONCE = 100_000, 1_000
_LOOKS = 2_000
_ASKERS = 60
_LATER = 0.05
"""Seconds that a renewal may take longer meanwhile: half of what a permit takes to drop in."""
_MOST_CPU = 600.0
"""Seconds of a processor that a day of it may take."""


@dataclass(frozen=True, slots=True)
class _Cost:
    wall: float
    cpu: float

    def a_day(self) -> float:
        """Seconds of a processor for all rows."""
        return self.cpu * _ROWS


def looked_after(bench: Workbench) -> Result:
    """Goal 27."""
    place, rows = replace(bench.place(), rate=10), bench.times(_ROWS, 2_000)
    fast = replace(place, rate=10_000)
    with closing(make_broker(fast)) as broker:
        for first in range(1, rows + 1, _AT_ONCE):
            bench.tell(f"G27 filling {first:,}")
            connect(broker, range(first, first + _AT_ONCE))
        bench.tell("G27 looking")
        empty = _measure_empty(broker)
        used = _measure(broker, place, bench.times(_LOOKS, 200), granted_ago=3_600)
        look = _measure(broker, place, bench.times(_LOOKS, 200), granted_ago=200_000)
    bench.tell("G27 asking")
    before, meanwhile = _ask(place, bench.times(_ASKERS, 10))
    later, cpu = meanwhile - before, look.a_day()
    return Result(
        goal="G27 a day of 100,000 idle connections",
        wanted=f"under {_MOST_CPU:.0f} s of one processor, and who asks waits no more "
        f"than {_LATER * 1000:.0f} ms longer meanwhile",
        is_met=cpu < _MOST_CPU and later <= _LATER,
        verdict=f"{cpu:.0f} s of a processor, {_ROWS:,} requests ({_ROWS / 86_400:.1f} a second); "
        f"a renewal takes {later * 1000:+.0f} ms meanwhile",
        columns=("each", "a day of 100,000"),
        rows=[
            Row("one look, processor", (duration(look.cpu), duration(look.a_day()))),
            Row("one look, in all", (duration(look.wall), duration(look.wall * _ROWS))),
            Row("one that was used, put off", (duration(used.cpu), duration(used.a_day()))),
            Row("nothing due, once in 10 s", (duration(empty), duration(empty * 8_640))),
            Row("a renewal before", (duration(before), "")),
            Row("a renewal meanwhile", (duration(meanwhile), "")),
        ],
        why=f"{rows:,} rows on SQLite, and an endpoint that answers at once. Those who ask renew "
        "at the default pace, one after another, beside a sweep that has all rows to look at.",
        raw={"before": before, "meanwhile": meanwhile, "look": look.cpu, "used": used.cpu},
    )


def _measure(broker: Broker, place: Place, number: int, *, granted_ago: float) -> _Cost:
    """What it costs to go through *number* rows that were renewed so many seconds ago."""
    _make_due(place, number, granted_ago)
    began, cpu = time.perf_counter(), time.process_time()
    while _count_due(place):
        broker.sweep(number)
    return _Cost((time.perf_counter() - began) / number, (time.process_time() - cpu) / number)


def _measure_empty(broker: Broker) -> float:
    while broker.sweep().number or _is_unplanned(broker):
        pass
    times = []
    for _ in range(100):
        began = time.process_time()
        broker.sweep()
        times.append(time.process_time() - began)
    return median(times)


def _is_unplanned(broker: Broker) -> bool:
    path = broker.settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as file:
        query = "SELECT EXISTS (SELECT 1 FROM portalkey_connections WHERE check_at = 0)"
        return bool(file.execute(query).fetchone()[0])


def _make_due(place: Place, number: int, granted_ago: float) -> None:
    with _open(place) as file:
        file.execute(
            "UPDATE portalkey_connections SET check_at = 1, granted_at = unixepoch() - ?, "
            "connected_at = 1 WHERE id IN (SELECT id FROM portalkey_connections LIMIT ?)",
            (granted_ago, number),
        )


def _count_due(place: Place) -> int:
    with _open(place) as file:
        query = "SELECT count(*) FROM portalkey_connections WHERE check_at = 1"
        return int(file.execute(query).fetchone()[0])


@contextmanager
def _open(place: Place) -> Iterator[sqlite3.Connection]:
    path = Path(place.database_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path, timeout=30)) as file, file:
        yield file


def _ask(place: Place, number: int) -> tuple[float, float]:
    """How long a renewal takes, alone and beside a sweep that has much to do."""
    with closing(make_broker(place)) as broker, closing(make_broker(place)) as sweeper:
        leave(broker, 0)
        before = _renew(broker, range(1, number + 1))
        _make_due(place, 10 * _LOOKS, 200_000)
        leave(broker, 0)
        with _open(place) as file:
            file.execute("UPDATE portalkey_connections SET granted_at = 1 WHERE check_at = 1")
        is_over = threading.Event()
        thread = threading.Thread(target=_sweep_until, args=(sweeper, is_over))
        thread.start()
        time.sleep(3)
        meanwhile = _renew(broker, range(number + 1, 2 * number + 1))
        is_over.set()
        thread.join()
    return before, meanwhile


def _sweep_until(broker: Broker, is_over: threading.Event) -> None:
    while not is_over.is_set():
        broker.sweep(1_000)


def _renew(broker: Broker, numbers: range) -> float:
    times = []
    for number in numbers:
        began = time.perf_counter()
        broker.access_token(f"owner-{number}")
        times.append(time.perf_counter() - began)
        time.sleep(0.2)  # half of what the rate gives
    return median(times)
