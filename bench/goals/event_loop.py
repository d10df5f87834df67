"""Goal 27: an event loop that answers on while people connect through it."""

import multiprocessing
import secrets
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from statistics import median
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.goals.routes import CONNECTIONS, Visitor
from bench.load import Load, Reply, get, send
from bench.report import Result, Row, duration
from bench.rounds import percentile
from bench.servers import serving
from bench.workbench import Workbench

IDLE, PEOPLE = 1_000, 50
DELAY = 0.1
"""Seconds that HubSpot takes to answer."""
_MOST = 0.05


def answering(bench: Workbench) -> Result:
    """Goal 27."""
    place = bench.place()
    alone: list[Load] = []
    beside: list[Load] = []
    with serving("uvicorn", "portalkey", place, 1) as port:
        for _ in range(bench.rounds):
            bench.tell("G28 uvicorn")
            bench.rested()
            alone.append(_idle(port))
            bench.rested(delay=DELAY, api_delay=DELAY)
            beside.append(_beside_people(port))
    bench.rested()
    found = {"alone": alone, f"beside {PEOPLE} who connect": beside}
    p99 = median(percentile(each.latencies, 99) for each in beside)
    return Result(
        goal="G28 an event loop while people connect",
        wanted=f"p99 of {IDLE:,} requests that do nothing, beside {PEOPLE} people who connect, at "
        f"most {_MOST * 1e3:.0f} ms (FastAPI, uvicorn, one process, {DELAY * 1e3:.0f} ms endpoint)",
        is_met=p99 <= _MOST,
        verdict=f"{p99 * 1e3:.1f} ms",
        columns=("a second", "p50", "p99", "most"),
        rows=[Row(name, _figures(loads)) for name, loads in found.items()],
        raw={name: [each.latencies for each in loads] for name, loads in found.items()},
    )


def _figures(loads: list[Load]) -> tuple[str, ...]:
    return (
        f"{median(each.rate for each in loads):,.0f}",
        duration(median(median(each.latencies) for each in loads)),
        duration(median(percentile(each.latencies, 99) for each in loads)),
        duration(max(max(each.latencies) for each in loads)),
    )


def _idle(port: int) -> Load:
    return send(port, ((get("/idle"), None) for _ in range(IDLE)), _take_idle, CONNECTIONS)


def _take_idle(_: None, reply: Reply) -> None:
    assert reply.status == 200, reply


def _beside_people(port: int) -> Load:
    """The same while people connect, one round of them after another until it is over.

    They are a process of their own, so that what is measured is the server and not who asks.
    """
    context = multiprocessing.get_context("spawn")
    is_over, have_begun = context.Event(), context.Event()
    people = context.Process(target=_connect_until, args=(port, is_over, have_begun))
    people.start()
    have_begun.wait()
    load = _idle(port)
    is_over.set()
    people.join()
    assert people.exitcode == 0, "somebody could not connect"
    return load


def _connect_until(port: int, is_over: Event, have_begun: Event) -> None:
    try:
        while not is_over.is_set():
            _connect_all(port, have_begun)
    finally:
        have_begun.set()


def _connect_all(port: int, have_begun: Event) -> None:
    visitors: list[tuple[str, Visitor]] = []
    new = (Visitor.new() for _ in range(PEOPLE))
    asked = ((get("/link", *each.headers), each) for each in new)
    send(
        port,
        asked,
        lambda visitor, reply: visitors.append((reply.body.decode(), visitor.given(reply))),
        PEOPLE,
    )
    returns: list[tuple[bytes, None]] = []

    def take_start(visitor: Visitor, reply: Reply) -> None:
        assert reply.status == 303, reply
        state = parse_qs(urlsplit(reply.headers("location")[0]).query)["state"][0]
        query = urlencode({"code": f"code.{secrets.randbelow(10**9)}", "state": state})
        back = get(f"/auth/hubspot/callback?{query}", *visitor.given(reply).headers)
        returns.append((back, None))

    def take_return(_: None, reply: Reply) -> None:
        assert reply.status == 303, reply

    have_begun.set()
    send(port, _starts(visitors), take_start, PEOPLE)
    send(port, iter(returns), take_return, PEOPLE)


def _starts(visitors: list[tuple[str, Visitor]]) -> Iterator[tuple[bytes, Visitor]]:
    for link, visitor in visitors:
        attempt = secrets.token_urlsafe(16)
        yield get(f"{link}&attempt={attempt}", *visitor.headers), visitor
