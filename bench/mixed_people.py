"""The people of the mixed load: each connects, works, looks, and now and then disconnects."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2

from portalkey_simulator import HubSpot
from support.visitor import Visitor

PAUSE = 0.03
"""Seconds between two requests of one person: load, and no flood."""
VISIT = 40
"""Requests from a person's connecting to the next."""
_ROUNDS = ("/token", "/plain", "/token", "/api/hubspot/status", "/connections/setup", "/token")


@dataclass
class Tally:
    """What the requests came to, by kind: milliseconds each took, and how it was answered."""

    took: dict[str, list[float]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, milliseconds: float, answer: str) -> None:
        """Count one request."""
        self.took.setdefault(kind, []).append(milliseconds)
        self.answers[f"{kind} {answer}"] += 1

    def percentiles(self) -> dict[str, dict[str, float]]:
        """Median, 99th percentile and longest in milliseconds, of each kind."""
        return {kind: _percentiles(sorted(took)) for kind, took in sorted(self.took.items())}


def _percentiles(took: list[float]) -> dict[str, float]:
    at = {"p50_ms": 0.5, "p99_ms": 0.99, "longest_ms": 1.0}
    last = len(took) - 1
    return {name: round(took[int(part * last)], 1) for name, part in at.items()}


class People:
    """So many people at one app, until they are sent home."""

    def __init__(self, app_url: str, hubspot: HubSpot, count: int) -> None:
        self._app_url, self._hubspot = app_url, hubspot
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._tally = Tally()
        self._threads = [
            threading.Thread(target=self._live, args=(number,)) for number in range(count)
        ]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let them work inside of the block."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in self._threads:
                thread.join()

    def take_tally(self) -> Tally:
        """Return what there was since the last time."""
        with self._lock:
            taken, self._tally = self._tally, Tally()
        return taken

    def _live(self, number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - the same for each run
        while not self._ended.is_set():
            with Visitor(self._app_url, self._hubspot) as visitor:
                self._visit(visitor, chance)

    def _visit(self, visitor: Visitor, chance: random.Random) -> None:
        self._request("connect", lambda: _connect(visitor))
        for number in range(VISIT):
            if self._ended.wait(PAUSE):
                return
            path = _ROUNDS[number % len(_ROUNDS)]
            self._request(path, lambda path=path: visitor.get(path))  # type: ignore[misc]
        if chance.random() < 0.3:
            self._request("junk", lambda: visitor.get("/auth/hubspot/callback?code=x&state=y"))
        if chance.random() < 0.5:
            self._request("disconnect", lambda: _disconnect(visitor))

    def _request(self, kind: str, send: Callable[[], httpx2.Response | None]) -> None:
        began = time.perf_counter()
        try:
            response = send()
            answer = "left" if response is None else str(response.status_code)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            answer = type(error).__name__
        took = (time.perf_counter() - began) * 1000
        with self._lock:
            self._tally.add(kind, took, answer)


def _connect(visitor: Visitor) -> httpx2.Response | None:
    """Connect as far as it goes; None where HubSpot's own page does not open."""
    page = visitor.get("/connections/setup")
    if page.status_code != 200:
        return page
    link = f"{visitor.connect_link}&attempt={random.getrandbits(128):032x}"
    start = visitor.get(link, sec_fetch_site="same-origin")
    if start.status_code != 303:
        return start
    consent = start.headers["location"]
    if urlsplit(consent).netloc == urlsplit(visitor.app_url).netloc:
        return visitor.get(consent)
    try:
        back = visitor.agree(consent)
    except OSError:
        return None
    return visitor.get(visitor.get(back).headers["location"])


def _disconnect(visitor: Visitor) -> httpx2.Response:
    listed = visitor.get("/api/hubspot/connections")
    if listed.status_code != 200:
        return listed
    response = listed
    for each in listed.json()["connections"]:
        response = visitor.post(f"/api/hubspot/connections/{each['id']}/disconnect")
    return response
