"""Forks: as the interpreter makes them, and as uWSGI does, in C and without any hook."""

import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from support.patience import PATIENCE

_C = ctypes.PyDLL(None)  # keeps the interpreter's lock, as uWSGI does


def in_child(act: Callable[[], object]) -> bool:
    """Whether *act* returns True in a forked child, whose end is waited for."""
    return _ends_well(os.fork(), act)


def in_silent_child(act: Callable[[], object]) -> bool:
    """As ``in_child``, where the interpreter does not hear of the fork."""
    with _nobody_waiting():
        child = _C.fork()
    return _ends_well(child, act)


@contextmanager
def _nobody_waiting() -> Iterator[None]:
    """Let other threads come to rest, and none of them ask for the interpreter's lock.

    A child inherits that request, and gives the lock to a thread that it does not have: it stands
    still for ever, whatever it runs (one child in seven, beside four threads that are at work).
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        time.sleep(0.1)
        yield
    finally:
        sys.setswitchinterval(before)


def _ends_well(child: int, act: Callable[[], object]) -> bool:
    if child == 0:
        signal.alarm(int(PATIENCE))
        try:
            os._exit(0 if act() is True else 1)
        except BaseException:  # noqa: BLE001 - the child ends here
            traceback.print_exc()
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
