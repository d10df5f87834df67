"""Goal 8: whoever was renewing is killed, or HubSpot does not answer for a minute."""

import time
from statistics import median

from bench.askers import Portalkey
from bench.crowd import Crowd
from bench.report import Result, Row, duration
from bench.workbench import POSTGRES, SQLITE, Workbench

_FOREVER = 60.0
_PATIENCE = 10.0


def takes_over(bench: Workbench) -> Result:
    """Goal 8."""
    stores = (SQLITE, POSTGRES)
    rounds = bench.times(bench.rounds, 2)
    found = {store: [_after_a_kill(bench, store) for _ in range(rounds)] for store in stores}
    most_open = {store: _at_a_slow_endpoint(bench, store) for store in stores}
    slowest = max(value for values in found.values() for value in values)
    most = max(most_open.values())
    return Result(
        goal="G8 killed half way",
        wanted="the next caller on the same host goes on within 1 s, and an endpoint that takes "
        "60 s never has two open requests of ours for one connection",
        is_met=slowest <= 1 and most == 1,
        verdict=f"{duration(slowest)} at most; {most} open at once at most",
        columns=("kills", "median", "slowest", "most open at a 60 s endpoint"),
        rows=[
            Row(
                f"portalkey, {store}",
                (
                    str(len(values)),
                    duration(median(values)),
                    duration(max(values)),
                    str(most_open[store]),
                ),
            )
            for store, values in found.items()
        ],
        raw={"seconds": found, "most open": most_open},
    )


def _after_a_kill(bench: Workbench, store: str) -> float:
    """The seconds from the kill until another process has its token."""
    bench.tell(f"G8 {store}")
    bench.rested()
    place = bench.place(store)
    other = bench.asker(Portalkey, place)
    other.token()
    with Crowd(Portalkey, place, 1, 1) as crowd:
        crowd.tell("expire")
        other.expire()
        bench.rested(delay=_FOREVER)
        crowd.begin("ask")
        _until_asked(bench)
        bench.endpoint.set(delay=0.0)
        crowd.kill()
        began = time.perf_counter()
        other.token()
        return time.perf_counter() - began


def _until_asked(bench: Workbench) -> None:
    until = time.monotonic() + _PATIENCE
    while bench.endpoint.requests == 0:
        assert time.monotonic() < until, "nothing was sent"
        time.sleep(0.01)


def _at_a_slow_endpoint(bench: Workbench, store: str) -> int:
    """How many requests were open at once, while all who asked were patient."""
    bench.tell(f"G8 {store}, an endpoint that takes a minute")
    place = bench.place(store)
    Portalkey.prepare(place)
    with Crowd(Portalkey, place, 4, 4) as crowd:
        crowd.tell("expire")
        bench.rested(delay=_FOREVER)
        crowd.tell("go")
        return int(bench.endpoint.set()["most_open"])
