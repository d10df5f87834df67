"""What must not be shared with a forked child is made anew in it."""

import os
import threading
from collections.abc import Callable
from weakref import WeakMethod


def renew_after_fork(renew: Callable[[], None]) -> None:
    """Call the bound method *renew* in every forked child, for as long as its object lives.

    The object is held weakly: the interpreter never forgets what is registered with it. The first
    call is the caller's own business.
    """
    reference = WeakMethod(renew)

    def in_child() -> None:
        method = reference()
        if method is not None:
            method()

    if hasattr(os, "register_at_fork"):  # Windows cannot fork
        os.register_at_fork(after_in_child=in_child)


class ProcessLock:
    """A lock between the threads of one process: no forked child inherits it held."""

    def __init__(self) -> None:
        self._renew()
        renew_after_fork(self._renew)

    def __enter__(self) -> None:
        """Wait until nobody else has it."""
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        """Let the next one have it."""
        self._lock.release()

    def _renew(self) -> None:
        self._lock = threading.Lock()
