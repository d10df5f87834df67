"""Forks: as the interpreter makes them, and as uWSGI does, in C and without any hook."""

import ctypes
import os
import signal
import traceback
from collections.abc import Callable

from support.patience import PATIENCE

_C = ctypes.PyDLL(None)  # keeps the interpreter's lock, as uWSGI does


def in_child(act: Callable[[], object]) -> bool:
    """Whether *act* returns True in a forked child, whose end is waited for."""
    return _ends_well(os.fork(), act)


def in_silent_child(act: Callable[[], object]) -> bool:
    """As ``in_child``, where the interpreter does not hear of the fork."""
    return _ends_well(_C.fork(), act)


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
