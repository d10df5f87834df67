"""Goals 14b and 20: processes that renew many connections of one database, and their fsyncs."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bench.goals.many import DELAY, OK
from bench.place import Place, connect, make_broker
from bench.report import Result, Row
from bench.rounds import percentile
from bench.workbench import POSTGRES, SQLITE, Workbench

_ROWS, _THREADS = 800, 16
_NUMBERS = (1, 2, 4, 8)
_BESIDE_ONE = {SQLITE: 2.0, POSTGRES: 1.3}
_SLOWEST = {SQLITE: 0.35, POSTGRES: 1.0}
_FSYNCS = 0.15
_FSYNC = re.compile(r"^.*\s(\d+)\s+(?:\d+\s+)?(?:fsync|fdatasync)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Run:
    """What so many processes came to together."""

    seconds: float
    done: int
    failed: int
    latencies: Sequence[float]

    @property
    def rate(self) -> float:
        """Renewals a second."""
        return self.done / self.seconds

    @property
    def p99(self) -> float:
        """What all but the slowest in a hundred callers waited."""
        return percentile(self.latencies, 99)


def together(bench: Workbench) -> Result:
    """Goal 14b."""
    rounds = bench.times(3)
    found: dict[str, dict[int, list[Run]]] = {SQLITE: {}, POSTGRES: {}}
    for _ in range(rounds):
        for store, runs in found.items():
            for number in _NUMBERS:
                runs.setdefault(number, []).append(_run(bench, store, number))
    beside = {
        store: median(
            many.rate / one.rate for one, many in zip(runs[1], runs[_NUMBERS[-1]], strict=True)
        )
        for store, runs in found.items()
    }
    slowest = {
        store: median(each.p99 for each in runs[_NUMBERS[-1]]) for store, runs in found.items()
    }
    return Result(
        goal="G14b many connections, eight processes",
        wanted="8 processes renew 2 times as many a second as one on SQLite, 1.3 times as many on "
        "PostgreSQL, and the slowest in a hundred callers waits 0.35 s and 1 s (two cores)",
        is_met=all(
            beside[store] >= _BESIDE_ONE[store] and slowest[store] <= _SLOWEST[store]
            for store in found
        ),
        verdict=", ".join(
            f"{beside[store]:.1f} times and {slowest[store]:.2f} s on {store}" for store in found
        ),
        columns=("a second", "p99 of a caller", "failed"),
        rows=[
            Row(f"{store}, {number} x {_THREADS}", _figures(runs[number]))
            for store, runs in found.items()
            for number in _NUMBERS
        ],
        raw={
            store: {number: [(each.rate, each.p99) for each in runs[number]] for number in runs}
            for store, runs in found.items()
        },
    )


def _figures(runs: Sequence[Run]) -> tuple[str, ...]:
    return (
        f"{median(each.rate for each in runs):.0f}",
        f"{median(each.p99 for each in runs) * 1e3:.0f} ms",
        str(sum(each.failed for each in runs)),
    )


def fsyncs(bench: Workbench) -> Result:
    """Goal 20."""
    goal, wanted = "G20 fsyncs of a renewal", f"at most {_FSYNCS} under 64 threads, on SQLite"
    strace = shutil.which("strace")
    if strace is None:
        return Result(goal, wanted, None, "not counted: strace is not installed")
    with TemporaryDirectory() as folder:
        file = Path(folder, "calls")
        watch = [strace, "-f", "-q", "-c", "-e", "trace=fsync,fdatasync", "-o", str(file)]
        place = _filled(bench, SQLITE)
        run = _renewed(bench, [_begun(place, 64, 1, 1, watch)])
        number = sum(int(each) for each in _FSYNC.findall(file.read_text()))
    each = number / max(1, run.done)
    return Result(
        goal=goal,
        wanted=wanted,
        is_met=each <= _FSYNCS and not run.failed,
        verdict=f"{each:.2f}: {number:,} of {run.done:,} renewals",
        why="Counted by strace, which slows each of them down, from the start of the process to "
        "its end.",
    )


def _filled(bench: Workbench, store: str) -> Place:
    place = bench.place(store)
    with closing(make_broker(place)) as broker:
        connect(broker, range(1, _ROWS + 1))
    return place


def _run(bench: Workbench, store: str, number: int) -> Run:
    bench.tell(f"G14b {store}, {number} x {_THREADS}")
    place = _filled(bench, store)
    return _renewed(bench, [_begun(place, _THREADS, at, number) for at in range(1, number + 1)])


def _begun(
    place: Place, threads: int, first: int, step: int, watch: Sequence[str] = ()
) -> "subprocess.Popen[str]":
    told = [json.dumps(place.told()), *map(str, (threads, first, step, _ROWS))]
    return subprocess.Popen(
        [*watch, sys.executable, "-m", "bench.renewing", *told],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _renewed(bench: Workbench, processes: Sequence["subprocess.Popen[str]"]) -> Run:
    for process in processes:
        _line(process)
    bench.rested(delay=DELAY)
    began = time.perf_counter()
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [_line(process) for process in processes]
    seconds = time.perf_counter() - began
    for process in processes:
        process.communicate()
    done = sum(each["outcomes"].get(OK, 0) for each in told)
    latencies = [one for each in told for one in each["latencies"]]
    return Run(seconds, done, len(latencies) - done, latencies)


def _line(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout
    told: dict[str, Any] = json.loads(process.stdout.readline())
    return told
