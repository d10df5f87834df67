"""Renewal of what a process inherits: locks, pools, connections, threads and caches.

A forked child shares its parent's sockets, and a lock that a thread of the parent held is held in
the child for ever. Some servers fork without a word to the interpreter, uWSGI's default among them,
so no hook can be relied on: whoever takes what may be inherited calls ``renew_inherited`` first,
which looks at the process id.

gevent replaces the interpreter's locks and threads, in some servers long after the app was loaded.
What was made before would block all of a worker, so it is renewed in the same way.
"""

import itertools
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from types import MethodType
from typing import TypeVar
from weakref import WeakSet, ref

T = TypeVar("T")
Identity = tuple[int, object]
"""A process, and the kind of locks that its threads wait for one another with."""

_renewals: dict[int, Callable[[], MethodType | None]] = {}
_numbers = itertools.count()


def renew_after_fork(renew: Callable[[], None]) -> None:
    """Call the bound method *renew* in every forked child, for as long as its object lives.

    It is called too where gevent has replaced the locks of this process. It may take no lock that
    was made before, nor close anything that the parent goes on with; being called twice does no
    harm. Only a weak reference is held. The caller makes the first call itself.
    """
    assert isinstance(renew, MethodType)  # noqa: S101 - tells the type checker
    number, forget = next(_numbers), _renewals.pop
    # Not a WeakMethod, whose own callback fails at the interpreter's end.
    owner, method = ref(renew.__self__, lambda _: forget(number, None)), renew.__func__

    def find() -> MethodType | None:
        living = owner()
        return None if living is None else MethodType(method, living)

    _renewals[number] = find


def renew_inherited() -> None:
    """Renew whatever is registered, where this process is not the one that made it.

    Every thread of a child that comes by here goes on with what is its own, and none before.
    """
    identity = _identity()
    if identity != _state.identity:
        _state.renew(identity)


def _identity() -> Identity:
    return os.getpid(), threading.Lock


class _Turn:
    """One renewal, for one thread of the process: the others wait, and find it done."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.is_renewing = False


class _State:
    """The process that everything registered belongs to by now."""

    def __init__(self) -> None:
        self.identity: Identity | None = _identity()
        # By identity, as an inherited lock may be held for ever. The first entry of a key stays.
        self._turns: dict[Identity, _Turn] = {}

    def renew(self, identity: Identity) -> None:
        turn = self._turns.setdefault(identity, _Turn())
        with turn.lock:
            # A signal may call us in the middle of it, on the same thread.
            if identity == self.identity or turn.is_renewing:
                return
            turn.is_renewing = True
            try:
                # In their order: what keeps hold of a thing comes before what drops it.
                for find in tuple(_renewals.values()):
                    renew = find()
                    if renew is not None:
                        renew()
                self.identity = identity
                self._turns.clear()
            finally:
                turn.is_renewing = False

    def renew_in_child(self) -> None:
        """Renew early, where the interpreter tells of the fork: even if the number came back."""
        self.identity = None
        renew_inherited()


_state = _State()

if hasattr(os, "register_at_fork"):  # Windows cannot fork
    os.register_at_fork(after_in_child=_state.renew_in_child)


def keep_for_ever(*things: object) -> None:
    """Let nothing ever close *things*, not even the end of the interpreter, as a finalizer would.

    A child does so with what its parent goes on with.
    """
    import ctypes  # noqa: PLC0415 - slow, and needed in few processes

    for each in things:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(each))


def list_living(things: WeakSet[T]) -> list[T]:
    """Return all that is among *things*, though other threads add to them and take from them."""
    while True:
        with suppress(RuntimeError):  # one came or went in between
            return list(things)


class ProcessLock:
    """A lock between the threads of one process, which is free in any other.

    A thread that has it may enter it again.
    """

    def __init__(self) -> None:
        self._locks: dict[Identity, threading.RLock] = {}
        self._current: threading.RLock | None = None

    def __enter__(self) -> None:
        """Acquire the lock."""
        identity = _identity()
        lock = self._locks.get(identity) or self._locks.setdefault(identity, threading.RLock())
        lock.acquire()
        self._current = lock

    def __exit__(self, *_: object) -> None:
        """Release the lock."""
        assert self._current is not None  # noqa: S101 - tells the type checker
        self._current.release()
