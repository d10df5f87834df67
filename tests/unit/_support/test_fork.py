"""Renewal of what a process inherits, with hooks and without."""

import gc
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakSet, ref

import pytest

from portalkey._support import fork
from portalkey._support.background import Background
from portalkey._support.fork import (
    ProcessLock,
    list_living,
    renew_after_fork,
    renew_inherited,
)
from portalkey._support.single_flight import SingleFlight
from support.forking import in_child, in_silent_child


class Part:
    """Something that must not be shared."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.renewals = 0
        renew_after_fork(self.renew)

    def renew(self) -> None:
        """Notice the child."""
        self.pid = os.getpid()
        self.renewals += 1

    def is_own(self) -> bool:
        """True where it is this process's."""
        return self.pid == os.getpid()


def test_a_child_renews_what_lives() -> None:
    """The part is told in the child, and stays as it was in the parent."""
    part = Part()

    assert in_child(part.is_own)
    assert part.is_own()
    assert part.renewals == 0


def test_a_child_without_hooks_renews_what_it_takes() -> None:
    """As uWSGI's workers, which hear of no hook: the first look renews everything, once."""
    part = Part()

    def takes() -> bool:
        was_own = part.is_own()
        for _ in range(3):
            renew_inherited()
        return not was_own and part.is_own() and part.renewals == 1

    assert in_silent_child(takes)
    assert in_child(takes) is False  # the control: there the hook has come first
    renew_inherited()
    assert part.renewals == 0


def test_a_childs_child_is_another_process() -> None:
    """Each of them renews, however deep."""
    part = Part()

    def takes() -> bool:
        renew_inherited()
        return part.is_own()

    def forks_on() -> bool:
        return takes() and in_silent_child(takes)

    assert in_silent_child(forks_on)


def test_threads_that_come_at_once_find_nothing_inherited() -> None:
    """None goes on before all of it is renewed, and it is renewed once."""
    parts = [Part() for _ in range(50)]

    def in_a_crowd() -> bool:
        line = threading.Barrier(8)

        def comes() -> bool:
            line.wait()
            renew_inherited()
            return all(part.is_own() and part.renewals == 1 for part in parts)

        with ThreadPoolExecutor(8) as crowd:
            return all(each.result() for each in [crowd.submit(comes) for _ in range(8)])

    assert in_silent_child(in_a_crowd)


def test_a_renewal_that_fails_is_made_again() -> None:
    """Nobody goes on with what is left of the parent's."""

    class Fragile(Part):
        def renew(self) -> None:
            super().renew()
            if self.renewals == 1:
                raise OSError

    fragile, last = Fragile(), Part()

    def fails_once() -> bool:
        with pytest.raises(OSError):  # noqa: PT011 - the one above
            renew_inherited()
        was_own = last.is_own()
        renew_inherited()
        return not was_own and last.is_own() and fragile.renewals == 2

    assert in_silent_child(fails_once)


def test_a_renewal_that_comes_by_again_goes_on() -> None:
    """A signal that arrives in the middle may ask for a token as well."""

    class Nested(Part):
        def renew(self) -> None:
            super().renew()
            renew_inherited()

    nested = Nested()

    def nests() -> bool:
        renew_inherited()
        return nested.renewals == 1

    assert in_silent_child(nests)


def test_other_locks_are_another_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """As gevent replaces them, in the same process; what was made before blocks all of it."""
    part = Part()
    native = threading.Lock

    monkeypatch.setattr(threading, "Lock", lambda: native())  # noqa: PLW0108 - another one, which is the point
    renew_inherited()
    renewals = part.renewals
    monkeypatch.undo()
    renew_inherited()

    assert (renewals, part.renewals) == (1, 2)


def test_what_is_gone_is_not_kept_alive() -> None:
    """Registering a part for forks does not keep it in memory, and later forks work."""
    gc.collect()  # what other tests have left
    part, other = Part(), Part()
    gone, registered = ref(part), len(fork._renewals)
    del part
    gc.collect()

    assert gone() is None
    assert len(fork._renewals) == registered - 1
    assert in_child(other.is_own)


@pytest.mark.parametrize("child", [in_child, in_silent_child])
def test_a_lock_that_is_held_is_free_in_a_child(
    child: Callable[[Callable[[], object]], bool],
) -> None:
    """Nobody is left there to release it; and to leave it there is no error."""
    lock = ProcessLock()

    def enters() -> bool:
        with lock, lock:
            return True

    with lock:
        assert child(enters)


def test_a_lock_is_held_against_other_threads() -> None:
    """One thread at a time."""
    lock, order = ProcessLock(), list[str]()

    def second() -> None:
        with lock:
            order.append("second")

    thread = threading.Thread(target=second)
    with lock:
        thread.start()
        order.append("first")
    thread.join()

    assert order == ["first", "second"]


def test_a_childs_flights_are_its_own() -> None:
    """Work that a thread of the parent does is nothing to wait for."""
    flights, started, ended = SingleFlight[str](), threading.Event(), threading.Event()

    def work() -> str:
        started.set()
        ended.wait()
        return "parent's"

    thread = threading.Thread(target=lambda: flights.do("same", work))
    thread.start()
    started.wait()
    try:
        with flights._lock:
            assert in_silent_child(lambda: flights.do("same", lambda: "child's") == "child's")
    finally:
        ended.set()
        thread.join()


def test_a_flight_that_was_renewed_away_still_lands() -> None:
    """Its caller gets the result."""
    flights = SingleFlight[str]()

    def work() -> str:
        flights._renew()
        return "result"

    assert flights.do("one", work) == "result"


def test_a_childs_background_has_all_its_room() -> None:
    """The threads that filled it are the parent's."""
    background, ended = Background(at_once=1), threading.Event()
    assert background.start("parent's", ended.wait)
    done = threading.Event()

    def starts() -> bool:
        return background.start("child's", done.set) and done.wait(10)

    try:
        assert in_silent_child(starts)
    finally:
        ended.set()
        background.join()


def test_no_thread_is_started_where_none_runs() -> None:
    """It would stand still with all that it holds, and its lease."""
    background = Background(may_start=lambda: False)

    assert not background.start("work", list)
    background.join()


class Busy(WeakSet[Part]):
    """Parts to which another thread adds one as they are looked through for the first time."""

    another: Part | None = None

    def __iter__(self) -> Iterator[Part]:
        """Let the other thread come in between."""
        for part in super().__iter__():
            if self.another is None:
                self.another = Part()
                self.add(self.another)
            yield part


def test_things_are_listed_while_others_come_and_go() -> None:
    """Nobody keeps them still for that, and the interpreter says so by an error."""
    part = Part()
    parts = Busy([part])

    assert set(list_living(parts)) == {part, parts.another}
