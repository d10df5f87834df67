"""Goals 18 and 19: a simulated HubSpot that starts at once, and whole journeys at it."""

import gc
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from statistics import quantiles
from urllib.parse import parse_qsl, urlencode, urlsplit

from bench.report import Result, Row, duration
from bench.workbench import Workbench
from portalkey_simulator import HubSpot, running_hubspot

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_STEPS = ("authorize page and approve", "exchange", "refresh", "revoke")


def started(bench: Workbench) -> Result:
    """Goal 18."""
    bench.tell("G18 starts")
    begun, ended = [], []
    for _ in range(bench.times(50, 10) + 1):
        gc.collect()
        before = time.perf_counter()
        with running_hubspot() as hubspot:
            connection = HTTPConnection("127.0.0.1", hubspot.port)
            connection.request("GET", "/isalive")
            assert connection.getresponse().read() == b"alive\n"
            begun.append(time.perf_counter() - before)
            connection.close()
            before = time.perf_counter()
        ended.append(time.perf_counter() - before)
    table = {"start, with its first answer": begun[1:], "stop": ended[1:]}
    middle, late = _middle_and_late(begun[1:])
    return Result(
        goal="G18 a simulated HubSpot starts",
        wanted="`running_hubspot()` to its first answer in under 50 ms, at the 99th percentile",
        is_met=late < 0.05,
        verdict=f"{duration(middle)}, and {duration(late)} at the 99th percentile",
        columns=("median", "99th percentile"),
        rows=_rows(table),
        why="What the benchmark's own libraries leave behind is collected between the starts: "
        "where a full collection falls into one, it takes longer than the start.",
        raw={"seconds": table},
    )


def journeys(bench: Workbench) -> Result:
    """Goal 19."""
    number = bench.times(1000, 50)
    bench.tell(f"G19 {number} journeys")
    table: dict[str, list[float]] = {step: [] for step in _STEPS}
    with _on_one_core(), running_hubspot() as hubspot:
        before = time.perf_counter()
        for _ in range(number):
            for step, seconds in zip(_STEPS, _journey(hubspot), strict=True):
                table[step].append(seconds)
        took = (time.perf_counter() - before) * 1000 / number
    return Result(
        goal="G19 a thousand journeys at it",
        wanted="authorize, approve, exchange, refresh and revoke, 1,000 times on one core, client "
        "included, in under 30 s",
        is_met=took < 30,
        verdict=f"{took:.1f} s" if number == 1000 else f"{took:.1f} s, going by {number}",
        columns=("median", "99th percentile"),
        rows=_rows(table),
        raw={"seconds": table},
    )


def _journey(hubspot: HubSpot) -> Iterator[float]:
    """One journey, with new connections as from a new client; the seconds of each step."""
    app = hubspot.app
    client = {"client_id": app.client_id, "client_secret": app.client_secret}
    redirect = {"redirect_uri": app.redirect_uris[0]}
    asked = {"client_id": app.client_id, **redirect, "scope": "oauth", "state": "a"}
    before = time.perf_counter()
    back = hubspot.approve(f"{hubspot.url}/oauth/authorize?{urlencode(asked)}")
    yield time.perf_counter() - before
    code = dict(parse_qsl(urlsplit(back).query))["code"]
    connection = HTTPConnection("127.0.0.1", hubspot.port)
    form = {"grant_type": "authorization_code", "code": code, **redirect}
    before = time.perf_counter()
    refresh_token = _answer(connection, "", form | client)["refresh_token"]
    yield time.perf_counter() - before
    before = time.perf_counter()
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    assert _answer(connection, "", form | client)["access_token"]
    yield time.perf_counter() - before
    before = time.perf_counter()
    _answer(connection, "/revoke", {"token": refresh_token} | client)
    yield time.perf_counter() - before
    connection.close()


def _answer(connection: HTTPConnection, path: str, form: Mapping[str, str]) -> dict[str, str]:
    connection.request("POST", f"/oauth/2026-03/token{path}", urlencode(form), _FORM)
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, body
    told: dict[str, str] = json.loads(body or b"{}")
    return told


@contextmanager
def _on_one_core() -> Iterator[None]:
    """This thread, and all that it starts, on one core, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _rows(table: Mapping[str, list[float]]) -> list[Row]:
    return [
        Row(name, tuple(duration(each) for each in _middle_and_late(seconds)))
        for name, seconds in table.items()
    ]


def _middle_and_late(seconds: list[float]) -> tuple[float, float]:
    found = quantiles(seconds, n=100, method="inclusive")
    return found[49], found[98]
