"""Ports to listen on, for what has to know its own before it starts."""

import secrets
import socket

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
