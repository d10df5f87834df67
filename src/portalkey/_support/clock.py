"""A clock that nobody sets, and that counts the time a machine sleeps."""

import time
from collections.abc import Callable
from functools import partial

Clock = Callable[[], float]
"""Seconds since some moment; only differences mean something."""

boot_time: Clock = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    if hasattr(time, "CLOCK_BOOTTIME")  # Linux; elsewhere a sleep is not counted
    else time.monotonic
)


no_offset: Callable[[], float] = float
"""A store's clock that is ahead of nothing: ``float()`` is 0.0, and costs no frame."""


def sleep_seconds(seconds: float) -> None:
    """Sleep; looked up at each call, as gevent may have replaced it since this was imported."""
    time.sleep(seconds)
