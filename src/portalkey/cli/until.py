"""Waiting for whoever runs a command to end it."""

import signal
import threading


def until_interrupted() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    # With a time-out, as Windows does not interrupt a wait without one.
    while not ended.wait(1.0):
        pass
