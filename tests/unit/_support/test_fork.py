"""Renewal of locks, pools and threads in a forked child."""

import gc
import os
from weakref import ref

from portalkey._support.fork import renew_after_fork


class Part:
    """Something that must not be shared."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        renew_after_fork(self.renew)

    def renew(self) -> None:
        """Notice the child."""
        self.pid = os.getpid()


def in_child(part: Part) -> bool:
    """Whether *part* is the child's own in a forked child."""
    child = os.fork()
    if child == 0:
        os._exit(0 if part.pid == os.getpid() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_child_renews_what_lives() -> None:
    """The part is told in the child, and stays as it was in the parent."""
    part = Part()

    assert in_child(part)
    assert part.pid == os.getpid()


def test_what_is_gone_is_not_kept_alive() -> None:
    """Registering a part for forks does not keep it in memory, and later forks work."""
    part, other = Part(), Part()
    gone = ref(part)
    del part
    gc.collect()

    assert gone() is None
    assert in_child(other)
