"""Many who ask at once, and many who only wait: nobody keeps the others out."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from portalkey_simulator import HubSpot

PATIENCE = 60.0
"""Seconds that only what is broken takes."""

MANY = 80
"""More than there are threads."""


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads to ask from."""
    with ThreadPoolExecutor(MANY) as threads:
        yield threads


def status(hubspot: HubSpot, method: str, path: str, body: str = "", kind: str = "") -> int:
    """The status of one answer, over a connection of its own."""
    connection = HTTPConnection("127.0.0.1", hubspot.port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, {"Content-Type": kind})
        return connection.getresponse().status
    finally:
        connection.close()


def test_many_approve_over_the_control_api(
    hubspot: HubSpot, pool: ThreadPoolExecutor, authorize_url: Callable[..., str]
) -> None:
    """However many agree at once, each gets a callback: none waits for a thread of another."""
    body = f'{{"authorize_url": "{authorize_url()}"}}'

    def approve(_: int) -> int:
        return status(hubspot, "POST", "/control/approve", body, "application/json")

    assert list(pool.map(approve, range(MANY))) == [200] * MANY


def test_connections_that_say_nothing(hubspot: HubSpot) -> None:
    """However many connections say nothing, somebody who asks is answered at once."""
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(socket.create_connection(("127.0.0.1", hubspot.port)))
        begun = time.monotonic()
        assert status(hubspot, "GET", "/isalive") == 200

    assert time.monotonic() - begun < 5


def test_answers_that_are_late(hubspot: HubSpot, pool: ThreadPoolExecutor) -> None:
    """Twenty answers that are kept back hold up no other."""
    rule = hubspot.faults.add("late", seconds=600, times=None)
    waiting = [pool.submit(status, hubspot, "POST", "/oauth/2026-03/token") for _ in range(20)]
    deadline = time.monotonic() + PATIENCE
    while rule.happened < 20 and time.monotonic() < deadline:
        threading.Event().wait(0.001)

    assert rule.happened == 20
    assert status(hubspot, "GET", "/isalive") == 200
    assert not any(each.done() for each in waiting)
    hubspot.stop()
    for each in waiting:
        each.exception()


def test_started_and_stopped_by_several_threads(pool: ThreadPoolExecutor) -> None:
    """Whichever thread comes first starts it, and none finds the port taken by another."""
    hubspot, together = HubSpot(), threading.Barrier(8)

    def go(number: int) -> None:
        together.wait(PATIENCE)
        for _ in range(3):
            hubspot.start()
            if number % 2:
                hubspot.stop()

    try:
        list(pool.map(go, range(8)))
    finally:
        hubspot.stop()
