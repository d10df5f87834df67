"""Renewal of locks, pools and connections in a forked child, which must not share its parent's."""

import os
import threading
from collections.abc import Callable
from weakref import WeakMethod


def renew_after_fork(renew: Callable[[], None]) -> None:
    """Call the bound method *renew* in every forked child, for as long as its object lives.

    Only a weak reference is held, as the interpreter never drops what is registered with it. The
    caller makes the first call itself.
    """
    reference = WeakMethod(renew)

    def in_child() -> None:
        method = reference()
        if method is not None:
            method()

    if hasattr(os, "register_at_fork"):  # Windows cannot fork
        os.register_at_fork(after_in_child=in_child)


class ProcessLock:
    """A lock between the threads of one process, which is free in every forked child."""

    def __init__(self) -> None:
        self._renew()
        renew_after_fork(self._renew)

    def __enter__(self) -> None:
        """Acquire the lock."""
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        """Release the lock."""
        self._lock.release()

    def _renew(self) -> None:
        self._lock = threading.Lock()
