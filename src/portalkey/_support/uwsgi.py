"""uWSGI, whose processes fork in their own way and may run no threads.

It gives a module of its name to the interpreter within it, and to no other.
"""

import logging
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType

log = logging.getLogger("portalkey")

_WITHOUT_THREADS = (
    "uWSGI runs this app without threads: no token is renewed ahead of its end, and what could not "
    "be saved or revoked at once waits for the next caller or for `portalkey work`. Set "
    "enable-threads = true in uWSGI's configuration."
)


def find_uwsgi() -> ModuleType | None:
    """Return uWSGI's module, where this process is one of its own."""
    module = sys.modules.get("uwsgi")
    return module if hasattr(module, "worker_id") else None


def is_before_fork(module: ModuleType | None = None) -> bool:
    """Return True in the process that is going to fork uWSGI's workers, or has forked them."""
    module = module or find_uwsgi()
    return module is not None and module.worker_id() == 0 and module.mule_id() == 0


def has_threads(module: ModuleType | None = None) -> bool:
    """Return False where threads stand still as soon as a request is answered."""
    module = module or find_uwsgi()
    # With gevent they are greenlets, which do run.
    return module is None or bool(module.has_threads) or "gevent" in module.opt


def runs_threads(module: ModuleType | None = None) -> bool:
    """Return False where a thread would stand still, or be missing in the workers."""
    module = module or find_uwsgi()
    return module is None or (has_threads(module) and not is_before_fork(module))


def choose_thread_check() -> Callable[[], bool]:
    """Return what tells whether threads run: outside of uWSGI they do, and nobody need ask."""
    return runs_threads if find_uwsgi() is not None else partial(bool, 1)


class Warner:
    """Says once in a process, and in those forked from it, that no threads run."""

    def __init__(self) -> None:
        self._has_warned = False

    def warn_of_missing_threads(self, module: ModuleType | None = None) -> None:
        """Log the warning, the first time."""
        if not has_threads(module) and not self._has_warned:
            self._has_warned = True
            log.warning(_WITHOUT_THREADS)


warn_of_missing_threads = Warner().warn_of_missing_threads
