"""Goal 23, and the CPU of goal 11: the popup's routes asked in this process, one by one."""

import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import Client

from bench.apps import OWNER_HEADER, portalkey
from bench.place import Place
from bench.report import Result, Row, duration
from bench.workbench import POSTGRES, SQLITE, Workbench

START, CALLBACK = "start", "callback"
DELAY = 0.120
_WAITED = 0.245
_MEMORY = Path("/dev/shm")  # noqa: S108 - a disk in memory, so that no fsync is counted
_ORIGIN = "http://localhost:6001"
_numbers = count(1)


def route_cpu(bench: Workbench) -> dict[str, float]:
    """The CPU of one start and one callback, in seconds, all threads of the app together."""
    found: dict[str, float] = {}
    for store in (SQLITE, POSTGRES):
        bench.tell(f"G11 CPU, {store}")
        starts, callbacks = _times(_place(bench, store), bench.times(300, 30), time.process_time)
        found |= {f"{START}, {store}": median(starts), f"{CALLBACK}, {store}": median(callbacks)}
    return found


def done(bench: Workbench) -> Result:
    """Goal 23."""
    found: dict[str, list[float]] = {}
    for store in (SQLITE, POSTGRES):
        bench.tell(f"G23 {store}")
        bench.rested(delay=DELAY, api_delay=DELAY)
        _, found[store] = _times(bench.place(store), bench.times(30, 5), time.perf_counter)
    slowest = max(median(each) for each in found.values())
    return Result(
        goal="G23 callback to done",
        wanted=f"{_WAITED * 1e3:.0f} ms where HubSpot answers in {DELAY * 1e3:.0f} ms",
        is_met=slowest <= _WAITED,
        verdict=f"{slowest * 1e3:.0f} ms",
        columns=("from HubSpot's return to the answer",),
        rows=[Row(store, (duration(median(each)),)) for store, each in found.items()],
        raw={"seconds": found},
    )


def _place(bench: Workbench, store: str) -> Place:
    place = bench.place(store)
    if store != SQLITE or not _MEMORY.is_dir():
        return place
    folder = bench.stack.enter_context(tempfile.TemporaryDirectory(dir=_MEMORY))
    return replace(Place.over_sqlite(place.port, Path(folder)), key=place.key)


def _times(place: Place, times: int, clock: Callable[[], float]) -> tuple[list[float], list[float]]:
    """What each start and each callback takes, by *clock*, but for the first few."""
    app = portalkey(place)
    starts, callbacks = [], []
    for number in range(times + 5):
        start, callback = _journey(Client(app), clock)
        if number >= 5:  # the first ones open what is kept open
            starts.append(start)
            callbacks.append(callback)
    return starts, callbacks


def _journey(browser: Client, clock: Callable[[], float]) -> tuple[float, float]:
    headers = {OWNER_HEADER: secrets.token_hex(4), "Sec-Fetch-Site": "same-origin"}

    def get(address: str) -> tuple[float, str]:
        began = clock()
        reply = browser.get(address, base_url=_ORIGIN, headers=headers)
        body = reply.get_data(as_text=True)
        took = clock() - began
        assert reply.status_code < 400, body
        return took, reply.headers.get("Location", body)

    _, link = get("/link")
    start, consent = get(f"{link}&attempt={secrets.token_urlsafe(16)}")
    state = parse_qs(urlsplit(consent).query)["state"][0]
    callback, end = get(f"/auth/hubspot/callback?code=code.{next(_numbers)}&state={state}")
    assert "/done?" in end, end
    return start, callback
