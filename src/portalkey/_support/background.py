"""Background work on threads that the interpreter joins at its end."""

import logging
import threading
from collections.abc import Callable

from portalkey._support import uwsgi
from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey.errors import PortalkeyError

log = logging.getLogger("portalkey")

AT_ONCE = 32
"""Most threads at once; work that finds none free is left for the next caller to start."""


class Background:
    """Runs work in the background, one at a time for each name."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        *,
        may_start: Callable[[], bool] | None = None,
        on_trouble: Callable[[PortalkeyError], object] | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            at_once: Most threads at once.
            may_start: Whether threads run in this process, asked for each time; uWSGI is asked,
                where this is uWSGI.
            on_trouble: Hears of the errors that end work; they are logged by default.
        """
        self._at_once = at_once
        self._may_start = may_start or uwsgi.choose_thread_check()
        self._on_trouble = on_trouble or _log
        self._renew()
        renew_after_fork(self._renew)

    def start(self, name: str, work: Callable[[], object]) -> bool:
        """Start *work* and return at once; return False where it was not started.

        Errors in *work* are told to *on_trouble*, or logged, as no caller is left to raise them to.
        """
        renew_inherited()
        if not self._may_start():  # a thread that stands still would keep what it holds
            return False
        with self._lock:
            if name in self._under_way or len(self._under_way) >= self._at_once:
                return False
            thread = threading.Thread(
                target=self._do, args=(name, work), name="portalkey-background", daemon=False
            )
            self._under_way[name] = thread
        try:
            thread.start()
        except RuntimeError:  # the interpreter is shutting down, or out of threads
            self._forget(name)
            return False
        return True

    def join(self) -> None:
        """Wait until all work that was started is done."""
        renew_inherited()
        for thread in list(self._under_way.values()):
            if thread.ident is not None:
                thread.join()

    def _do(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except PortalkeyError as trouble:
            self._on_trouble(trouble)
        except Exception:
            log.exception("background work failed")
        finally:
            self._forget(name)

    def _forget(self, name: str) -> None:
        with self._lock:
            self._under_way.pop(name, None)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Thread] = {}


def _log(trouble: PortalkeyError) -> None:
    log.debug("background work ended: %s", trouble.code)
