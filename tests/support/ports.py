"""Ports to listen on, for what has to know its own before it starts."""

import secrets
import socket
import time
from collections.abc import Callable

from support.patience import PATIENCE

OURS = range(20_000, 32_000)
"""Nothing that asks the system for any port is given one of these, on Linux or on macOS."""


def free_port(*taken: int) -> int:
    """A port that is free, and that stays so until it is listened on; none of those *taken*.

    One that the system picks may be picked again meanwhile: for a simulator, or for a client.
    """
    while True:
        port = secrets.choice(OURS)
        with socket.socket() as probe:
            if port not in taken and probe.connect_ex(("127.0.0.1", port)):
                return port


def wait_for_port(port: int, is_alive: Callable[[], bool]) -> None:
    """Wait until somebody answers on *port*; no longer than whoever has to listen *is_alive*."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert is_alive(), f"nobody will answer on port {port}"
        time.sleep(0.01)
    raise AssertionError(f"nobody answers on port {port}")
