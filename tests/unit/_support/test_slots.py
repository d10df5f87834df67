"""Slots: who came first is next, and none is lost."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest

from portalkey._support.clock import boot_time
from portalkey._support.time_limit import FairSemaphore, NoSlotFree, Slots
from support.patience import PATIENCE


def wait_until_waiting(slots: FairSemaphore, number: int) -> None:
    """Return once so many threads wait."""
    end, pause = boot_time() + PATIENCE, Event()
    while len(slots._waiting) != number:
        assert boot_time() < end
        pause.wait(0.001)


def test_who_came_first_is_next() -> None:
    """Four threads that came one after the other get the slot in that order."""
    slots, order = FairSemaphore(1), list[int]()
    assert slots.acquire(0)

    def come(number: int) -> None:
        assert slots.acquire(PATIENCE)
        order.append(number)
        slots.release()

    with ThreadPoolExecutor(4) as pool:
        for number in range(4):
            pool.submit(come, number)
            wait_until_waiting(slots, number + 1)
        slots.release()

    assert order == [0, 1, 2, 3]
    assert slots.acquire(0)


def test_who_comes_again_at_once_waits_behind_the_others() -> None:
    """A slot that comes free is handed on before the thread that had it can take it again."""
    slots, done = FairSemaphore(1), Event()
    assert slots.acquire(0)

    def come() -> None:
        assert slots.acquire(PATIENCE)
        done.wait(PATIENCE)
        slots.release()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(come)
        wait_until_waiting(slots, 1)
        slots.release()
        is_in_time = slots.acquire(0)
        done.set()
        other.result(PATIENCE)

    assert not is_in_time


def test_who_gave_up_is_handed_nothing() -> None:
    """A slot goes past a thread whose time was over, to the next or back."""
    slots = FairSemaphore(1)
    assert slots.acquire(0)
    assert not slots.acquire(0.01)
    slots.release()

    assert slots.acquire(0)


@contextmanager
def raising(number: signal.Signals) -> Iterator[None]:
    """Let that signal raise in this thread, as Ctrl+C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def test_a_wait_that_is_interrupted_loses_no_slot() -> None:
    """Nobody waits any more in its name, and the slot is there for the next."""
    slots, me = FairSemaphore(1), threading.get_ident()
    assert slots.acquire(0)

    def interrupt() -> None:
        wait_until_waiting(slots, 1)
        signal.pthread_kill(me, signal.SIGUSR1)

    with raising(signal.SIGUSR1), ThreadPoolExecutor(1) as pool:
        pool.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            slots.acquire(PATIENCE)
    assert not slots._waiting
    slots.release()

    assert slots.acquire(0)


def test_a_block_that_raises_frees_its_slot() -> None:
    """So the next one has its turn, and a third that gets none in time is told."""
    slots = Slots(1, wait=0.01)
    with pytest.raises(ValueError, match="at work"), slots.take():
        raise ValueError("at work")

    with slots.take(), pytest.raises(NoSlotFree), slots.take():
        pass
    with slots.take():
        pass
