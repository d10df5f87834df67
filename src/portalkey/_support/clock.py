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


SET_BACK = 60.0
"""Seconds behind an earlier time after which a clock is taken to have been set back. One that is
less behind may have been read before a wait for a row lock, as PostgreSQL reads its clock at the
beginning of a statement."""


def sleep_seconds(seconds: float) -> None:
    """Sleep; looked up at each call, as gevent may have replaced it since this was imported."""
    time.sleep(seconds)
