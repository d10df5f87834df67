"""A start is short."""

import socket
import threading
import time
from contextlib import ExitStack

import httpx2
import pytest
from flask import url_for

from portalkey_simulator import HubSpot
from portalkey_simulator.application import create_application
from portalkey_simulator.faults.rules import Faults
from portalkey_simulator.world import World
from portalkey_simulator.world.apps import DEFAULT_APP

PATIENCE = 60.0
"""Seconds that only what is broken takes."""


def test_paths_are_matched_and_not_built() -> None:
    """Nothing is compiled for ``url_for``, which says so where somebody calls it."""
    world = World([DEFAULT_APP])
    application = create_application(world, Faults(world.mint.chance))

    with (
        application.test_request_context(),
        pytest.raises(NotImplementedError, match="there is no url_for"),
    ):
        url_for("GET /isalive")


def test_threads_come_with_the_work(hubspot: HubSpot, http: httpx2.Client) -> None:
    """Few are enough for one client; many at once get more, and never more than sixty-four."""
    for _ in range(3):
        http.get("/isalive")
    few = answering()
    with ExitStack() as stack:
        for _ in range(70):  # half a request each, for the rest of which a thread waits
            address = ("127.0.0.1", hubspot.port)
            stack.enter_context(socket.create_connection(address)).sendall(b"GET ")
        deadline = time.monotonic() + PATIENCE
        while answering() < 64 and time.monotonic() < deadline:
            threading.Event().wait(0.001)
        many = answering()

    assert few <= 3
    assert many == 64


def answering() -> int:
    """Count the threads of simulators."""
    return sum(each.name.startswith("CP Server") for each in threading.enumerate())
