"""Goal 15: every row sealed under a new key, and what those who ask meanwhile feel of it."""

import json
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, replace
from statistics import median

from cryptography.fernet import Fernet

from bench.askers import Portalkey
from bench.crowd import Crowd
from bench.place import Place, connect, make_broker
from bench.report import Result, Row, duration
from bench.workbench import POSTGRES, SQLITE, Workbench

_ROWS = 20_000
_AT_ONCE = 1_000
_LEAST, _SLOWER = 2_000, 1.2
_THREADS = 4
_PAUSE = 0.02
"""Seconds between two crowds' asking, of a process that has something else to do as well."""


@dataclass(frozen=True, slots=True)
class Found:
    """How fast it went, and how long a cold call took before and meanwhile."""

    rate: float
    is_whole: bool
    before: float
    meanwhile: float

    @property
    def slower(self) -> float:
        """How many times slower those who ask were."""
        return self.meanwhile / self.before


def rotated(bench: Workbench) -> Result:
    """Goal 15."""
    found = {store: _rotated(bench, store) for store in (SQLITE, POSTGRES)}
    rate = min(each.rate for each in found.values())
    slower = max(each.slower for each in found.values())
    return Result(
        goal="G15 a new key for every row",
        wanted=f"at least {_LEAST:,} rows a second, and those who ask wait at most {_SLOWER} "
        "times as long meanwhile",
        is_met=rate >= _LEAST
        and slower <= _SLOWER
        and all(each.is_whole for each in found.values()),
        verdict=", ".join(
            f"{each.rate:,.0f} a second, and a cold call takes {each.slower:.2f} times as long on "
            f"{store}"
            for store, each in found.items()
        ),
        columns=("rows a second", "a cold call before", "meanwhile"),
        rows=[
            Row(
                store,
                (f"{each.rate:,.0f}", duration(each.before), duration(each.meanwhile)),
            )
            for store, each in found.items()
        ],
        raw={store: (each.rate, each.before, each.meanwhile) for store, each in found.items()},
    )


def _rotated(bench: Workbench, store: str) -> Found:
    bench.tell(f"G15 {store}")
    old, rows = bench.place(store), bench.times(_ROWS, 1_000)
    with closing(make_broker(old)) as broker:
        for first in range(1, rows + 1, _AT_ONCE):
            connect(broker, range(first, first + _AT_ONCE))
    place = replace(old, new_key=Fernet.generate_key().decode())
    with Crowd(Portalkey, place, 1, _THREADS) as crowd:
        before = [each for _ in range(bench.times(100, 20)) for each in _ask(crowd)]
        process = _begun(place)
        meanwhile: list[float] = []
        while process.poll() is None:
            meanwhile += _ask(crowd)
    told = json.loads(process.communicate()[0])
    return Found(
        rate=told["rows"] / told["seconds"],
        is_whole=told["is_whole"] and told["rows"] >= rows,
        before=median(before),
        meanwhile=median(meanwhile),
    )


def _begun(place: Place) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "bench.rotating", json.dumps(place.told())]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _ask(crowd: Crowd) -> list[float]:
    """What one cold call takes, of as many as there are threads."""
    time.sleep(_PAUSE)
    crowd.tell("empty")
    found = crowd.tell("go")
    assert not found.errors, found.errors
    return found.seconds
