"""Background work on threads that the interpreter joins at its end."""

import logging
import threading
import time
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
        is_daemon: bool = False,
    ) -> None:
        """Start nothing yet.

        Args:
            at_once: Most threads at once.
            may_start: Whether threads run in this process, asked for each time; uWSGI is asked,
                where this is uWSGI.
            on_trouble: Hears of the errors that end work; they are logged by default.
            is_daemon: True for work that may hang: the interpreter's end does not wait for it.
        """
        self._is_daemon = is_daemon
        self._at_once = at_once
        self._may_start = may_start or uwsgi.choose_thread_check()
        self._on_trouble = on_trouble or _log
        self._renew()
        renew_after_fork(self._renew)

    def start(self, name: str, work: Callable[[], object], *, again: bool = False) -> bool:
        """Start *work* and return at once; return False where it was not started.

        With *again*, what is under way by that name is done once more when it has ended: it may
        have looked already for what there is to do.

        Errors in *work* are told to *on_trouble*, or logged, as no caller is left to raise them to.
        """
        renew_inherited()
        if not self._may_start():  # a thread that stands still would keep what it holds
            return False
        with self._lock:
            if name in self._under_way:
                self._again |= {name} if again else set()
                return again
            if len(self._under_way) >= self._at_once:
                return False
            thread = threading.Thread(
                target=self._do,
                args=(name, work),
                name="portalkey-background",
                daemon=self._is_daemon,
            )
            self._under_way[name] = thread
        try:
            thread.start()
        except RuntimeError:  # the interpreter is shutting down, or out of threads
            self._forget(name)
            return False
        return True

    def join(self, seconds: float | None = None) -> bool:
        """Wait until all work that was started is done, but for this thread's own.

        It takes *seconds* at most; False where some is under way still.
        """
        renew_inherited()
        until = None if seconds is None else time.monotonic() + seconds
        others = set(self._under_way.values()) - {threading.current_thread()}
        for thread in others:
            if thread.ident is not None:
                thread.join(None if until is None else max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in others)

    def _do(self, name: str, work: Callable[[], object]) -> None:
        goes_on = True
        try:
            while goes_on:
                self._work(work)
                goes_on = self._goes_on(name)
        finally:
            if goes_on:
                self._forget(name)

    def _work(self, work: Callable[[], object]) -> None:
        try:
            work()
        except PortalkeyError as trouble:
            self._on_trouble(trouble)
        except Exception:
            log.exception("background work failed")

    def _goes_on(self, name: str) -> bool:
        """Return True where it is to be done once more; otherwise it is not under way any more.

        In one step: who asks for it in between would be heard by nobody.
        """
        with self._lock:
            if name in self._again:
                self._again.discard(name)
                return True
            self._under_way.pop(name, None)
        return False

    def _forget(self, name: str) -> None:
        with self._lock:
            self._under_way.pop(name, None)
            self._again.discard(name)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Thread] = {}
        self._again: set[str] = set()


def _log(trouble: PortalkeyError) -> None:
    log.debug("background work ended: %s", trouble.code)
