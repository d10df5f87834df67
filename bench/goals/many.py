"""Goal 14: one process renews many connections."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench.place import LIFETIME, connect, make_broker
from bench.report import Result, Row
from bench.workbench import POSTGRES, SQLITE, Workbench
from portalkey.broker import Broker
from portalkey.errors import PortalkeyError

DELAY = 0.05
_OK = "ok"
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
        return self.outcomes[_OK] / self.seconds

    @property
    def cpu_each(self) -> float:
        """Seconds of CPU for a renewal, of all threads."""
        return self.cpu / max(1, self.outcomes[_OK])

    @property
    def failures(self) -> str:
        """How many failed, and with which code."""
        told = [f"{count} {code}" for code, count in self.outcomes.items() if code != _OK]
        return ", ".join(told) or "0"


def renewals(bench: Workbench) -> Result:
    """Goal 14."""
    found = {store: _renewed(bench, store) for store in (SQLITE, POSTGRES)}
    slowest = min(each.rate for each in found.values())
    dearest = max(each.cpu_each for each in found.values())
    return Result(
        goal="G14 many connections",
        wanted="one process renews at least 500 connections a second at a 50 ms endpoint (token "
        "bucket set to 1,000 a second), under 1 ms of CPU each",
        is_met=slowest >= 500 and dearest < 0.001,
        verdict=", ".join(
            f"{each.rate:.0f} a second and {each.cpu_each * 1e3:.2f} ms of CPU each on {store}"
            for store, each in found.items()
        ),
        columns=("renewed", "a second", "CPU each", "requests", "failed"),
        rows=[
            Row(
                f"portalkey, {store}, {THREADS} threads",
                (
                    f"{each.outcomes[_OK]:,}",
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
    outcomes = _all(broker, iter(range(1, number + 1)))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    broker.close()
    return Found(outcomes, seconds, cpu, bench.endpoint.requests)


def _all(broker: Broker, numbers: Iterator[int]) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    lock, until = threading.Lock(), time.monotonic() + _LONGEST

    def work() -> None:
        while time.monotonic() < until:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            outcome = _asked(broker, number)
            with lock:
                outcomes[outcome] += 1

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def _asked(broker: Broker, number: int) -> str:
    try:
        broker.access_token(f"owner-{number}")
    except PortalkeyError as trouble:
        return trouble.code
    return _OK
