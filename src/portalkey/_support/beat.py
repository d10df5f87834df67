"""Beat: something that is done again and again in a process, for as long as its object lives."""

import logging
import threading
from collections.abc import Callable
from types import MethodType
from weakref import WeakMethod, ref

from portalkey._support import uwsgi
from portalkey._support.fork import renew_after_fork, renew_inherited

log = logging.getLogger("portalkey")


class Beat:
    """Calls a method now and then, on a thread of its own that the interpreter's end leaves alone.

    It keeps neither the method's object alive nor a process: what may take long, or has to be done
    to its end, is to be started elsewhere. A forked child has none until it calls ``start`` itself.
    """

    def __init__(self, act: Callable[[], object], seconds: Callable[[], float]) -> None:
        """Call the bound method *act* each time that *seconds* have passed, once it is started."""
        assert isinstance(act, MethodType)  # noqa: S101 - tells the type checker
        self._act: WeakMethod[Callable[[], object]] = WeakMethod(act)
        self._seconds = seconds
        self._may_start = uwsgi.choose_thread_check()
        self._ended: threading.Event | None = None
        self._renew()
        renew_after_fork(self._renew)

    def start(self) -> None:
        """Begin, unless it beats already, or no threads run in this process."""
        renew_inherited()
        if self._ended is not None or not self._may_start():
            return
        with self._lock:
            if self._ended is not None:
                return
            ended = threading.Event()
            arguments = (ref(self), ended, self._seconds)
            thread = threading.Thread(
                target=_beat, args=arguments, name="portalkey-beat", daemon=True
            )
            self._ended = ended
            try:
                thread.start()
            except RuntimeError:  # the interpreter is shutting down, or out of threads
                self._ended = None

    def stop(self) -> None:
        """End; it may be started again."""
        renew_inherited()
        with self._lock:
            ended, self._ended = self._ended, None
        if ended is not None:
            ended.set()

    def call(self, ended: threading.Event) -> bool:
        """Act once, for the thread that ends with *ended*; False where it is of no use any more."""
        act = self._act()
        if act is None or self._ended is not ended:
            return False
        try:
            act()
        except Exception:
            log.exception("background work failed")
        return True

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._ended = None


def _beat(of: "ref[Beat]", ended: threading.Event, seconds: Callable[[], float]) -> None:
    while not ended.wait(seconds()):
        beat = of()
        if beat is None or not beat.call(ended):
            return
        del beat  # it is not kept alive while this waits
