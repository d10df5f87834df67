"""Goal 14: one process renews many connections."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from bench.place import LIFETIME, connect, make_broker
from bench.report import Result, Row
from bench.workbench import POSTGRES, SQLITE, Workbench
from portalkey.broker import Broker
from portalkey.errors import PortalkeyError

DELAY = 0.05
OK = "ok"
THREADS = 64
_LONGEST = 15.0
"""Seconds after which nobody begins another one."""


@dataclass(frozen=True, slots=True)
class Found:
    """How each call ended, and what all of them took."""

    outcomes: Counter[str]
    seconds: float
    cpu: float
    requests: int

    @property
    def rate(self) -> float:
        """Renewals a second."""
        return self.outcomes[OK] / self.seconds

    @property
    def cpu_each(self) -> float:
        """Seconds of CPU for a renewal, of all threads."""
        return self.cpu / max(1, self.outcomes[OK])

    @property
    def failures(self) -> str:
        """How many failed, and with which code."""
        told = [f"{count} {code}" for code, count in self.outcomes.items() if code != OK]
        return ", ".join(told) or "0"


_LEAST = {SQLITE: 650, POSTGRES: 410}
_DEAREST = {SQLITE: 0.0013, POSTGRES: 0.0021}
_ACCOUNTS = {SQLITE: 1_200_000, POSTGRES: 700_000}
_RENEWALS_A_DAY = 60
"""Of a connection in constant use: once in 24 minutes at most."""


def renewals(bench: Workbench) -> list[Result]:
    """Goals 14 and 21, which come of the same renewals."""
    found = {store: _renewed(bench, store) for store in (SQLITE, POSTGRES)}
    return [_many(found), _accounts(found)]


def _many(found: Mapping[str, Found]) -> Result:
    return Result(
        goal="G14 many connections",
        wanted="one process renews 650 connections a second on SQLite and 410 on PostgreSQL at a "
        "50 ms endpoint (token bucket set to 1,000 a second), for 1.3 and 2.1 ms of CPU each",
        is_met=all(
            each.rate >= _LEAST[store] and each.cpu_each <= _DEAREST[store]
            for store, each in found.items()
        ),
        verdict=", ".join(
            f"{each.rate:.0f} a second and {each.cpu_each * 1e3:.2f} ms of CPU each on {store}"
            for store, each in found.items()
        ),
        columns=("renewed", "a second", "CPU each", "requests", "failed"),
        rows=[
            Row(
                f"portalkey, {store}, {THREADS} threads",
                (
                    f"{each.outcomes[OK]:,}",
                    f"{each.rate:.0f}",
                    f"{each.cpu_each * 1e3:.2f} ms",
                    f"{each.requests:,}",
                    each.failures,
                ),
            )
            for store, each in found.items()
        ],
        raw={
            store: {"outcomes": each.outcomes, "seconds": each.seconds, "cpu": each.cpu}
            for store, each in found.items()
        },
    )


def _accounts(found: Mapping[str, Found]) -> Result:
    """Goal 21, by what a renewal costs."""
    day = 86_400
    accounts = {store: day / (_RENEWALS_A_DAY * each.cpu_each) for store, each in found.items()}
    return Result(
        goal="G21 accounts that one core keeps fresh",
        wanted="1,200,000 in constant use on SQLite and 700,000 on PostgreSQL, each renewed "
        f"{_RENEWALS_A_DAY} times a day",
        is_met=all(number >= _ACCOUNTS[store] for store, number in accounts.items()),
        verdict=", ".join(f"{number:,.0f} on {store}" for store, number in accounts.items()),
        why="By the CPU of a renewal of G14. The default of PORTALKEY_REFRESH_RATE, 10 a second, "
        "carries 14,000: docs and `portalkey doctor` say when to raise it.",
    )


def _renewed(bench: Workbench, store: str) -> Found:
    number = bench.times(4000, 200)
    ahead = 0.0
    place = replace(bench.place(store), rate=1000)
    broker = make_broker(place, lambda: ahead)
    bench.tell(f"G14 {store}, connecting")
    connect(broker, range(1, number + 1))
    bench.rested(delay=DELAY)
    ahead = LIFETIME
    bench.tell(f"G14 {store}")
    began, cpu = time.perf_counter(), time.process_time()
    outcomes = renew_all(broker, iter(range(1, number + 1)), THREADS).outcomes
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    broker.close()
    return Found(outcomes, seconds, cpu, bench.endpoint.requests)


@dataclass(slots=True)
class Renewed:
    """How each call ended, and how long each took, in seconds."""

    outcomes: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)


def renew_all(broker: Broker, numbers: Iterator[int], threads: int) -> Renewed:
    """Ask for the token of each owner of *numbers* once."""
    renewed = Renewed()
    lock, until = threading.Lock(), time.monotonic() + _LONGEST

    def work() -> None:
        while time.monotonic() < until:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            began = time.perf_counter()
            outcome = _asked(broker, number)
            took = time.perf_counter() - began
            with lock:
                renewed.outcomes[outcome] += 1
                renewed.latencies.append(took)

    crowd = [threading.Thread(target=work) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return renewed


def _asked(broker: Broker, number: int) -> str:
    try:
        broker.access_token(f"owner-{number}")
    except PortalkeyError as trouble:
        return trouble.code
    return OK
