"""Waiting of commands for Ctrl-C or SIGTERM."""

import signal
import threading
from collections.abc import Callable


def until_interrupted(act: Callable[[], None] | None = None, *, every: float = 1.0) -> None:
    """Wait for Ctrl-C or SIGTERM, and call *act* every *every* seconds."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    while not ended.is_set():
        if act is not None:
            act()
        _wait(ended, every)


def _wait(ended: threading.Event, seconds: float) -> None:
    # In steps of a second, as Windows does not interrupt a wait.
    for _ in range(max(1, round(seconds))):
        if ended.wait(min(seconds, 1.0)):
            return
