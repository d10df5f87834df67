"""The gate for callers that wait for HubSpot: wide while it is fast, narrow while it is slow."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from threading import Event

import pytest

from portalkey._support.clock import boot_time
from portalkey.broker.caller_gate import SLOW, CallerGate, GateClosed, aside
from portalkey.broker.waiting import LONGEST, THROTTLE_WAIT
from portalkey.testing import Ahead
from support.patience import PATIENCE


def until(is_so: Callable[[], bool]) -> None:
    """Wait patiently until something is so."""
    end, pause = boot_time() + PATIENCE, Event()
    while not is_so():
        assert boot_time() < end
        pause.wait(0.005)


def test_so_many_wait_and_the_others_hear_at_once() -> None:
    """Once as many as may wait have waited for a second; they hear when the oldest gives up."""
    time = Ahead()
    gate = CallerGate(2, time)
    with ExitStack() as stack:
        stack.enter_context(gate.place("a"))
        time.passes(0.5)
        stack.enter_context(gate.place("b"))
        time.passes(SLOW)

        with pytest.raises(GateClosed, match="PORTALKEY_HUBSPOT_CALLS") as caught, gate.place("c"):
            pass

        assert gate.callers == 2
        assert caught.value.is_local
        assert caught.value.retry_after == LONGEST - 1.5
    assert gate.callers == 0
    with gate.place("a"):
        assert gate.callers == 1


def test_one_owner_gets_half_of_the_places() -> None:
    """However many connections of one tenant hang, the others' callers find room."""
    time = Ahead()
    gate = CallerGate(4, time)
    with gate.place("sick"), gate.place("sick"):
        time.passes(SLOW)
        with pytest.raises(GateClosed), gate.place("sick"):
            pass
        with gate.place("well"), gate.place("other"):
            assert gate.callers == 4


def test_who_comes_back_takes_no_others_place() -> None:
    """One owner's callers may all come back from the throttle at once: others find room still."""
    time = Ahead()
    gate = CallerGate(4, time)
    with ExitStack() as stack:
        waits = []
        for _ in range(6):
            stack.enter_context(gate.place("sick"))
            waits.append(aside())
            waits[-1].__enter__()
        for each in waits:
            each.__exit__(None, None, None)
        time.passes(SLOW)
        assert gate.callers == 6
        with pytest.raises(GateClosed), gate.place("sick"):
            pass
        with gate.place("well"), gate.place("other"):
            assert gate.callers == 8


def test_a_wait_for_something_else_takes_no_place() -> None:
    """Who waits for the throttle's turn leaves the place to others, and begins anew after it."""
    time = Ahead()
    gate = CallerGate(1, time)
    with gate.place("a"):
        with aside():
            time.passes(SLOW)
            with gate.place("b"):
                assert gate.callers == 1
        assert gate.callers == 1
        assert gate._began.popitem()[1] == (SLOW, "a")

    with aside():
        assert gate.callers == 0


def test_a_place_that_becomes_free_is_waited_for() -> None:
    """A second is short enough to wait for it."""
    gate, go_on = CallerGate(1, Ahead()), Event()

    def call() -> None:
        with gate.place("a"):
            assert go_on.wait(PATIENCE)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(call)
        until(lambda: gate.callers == 1)
        second = pool.submit(call)
        until(lambda: len(gate._changed._waiters) == 1)  # type: ignore[attr-defined]
        go_on.set()
        first.result(PATIENCE)
        second.result(PATIENCE)


def test_a_caller_that_waits_hears_when_it_turns_out_slow() -> None:
    """Nobody is held for longer than it takes to know, by the real clock."""
    gate = CallerGate(1, boot_time)
    began = boot_time()

    with gate.place("a"), pytest.raises(GateClosed), gate.place("a"):
        pass

    assert boot_time() - began >= SLOW / 2


def test_a_queue_that_does_not_end() -> None:
    """Where places turn over and none is left for a caller, it hears after five seconds."""
    moments = count(0.0, THROTTLE_WAIT)
    gate = CallerGate(1, lambda: next(moments))
    with gate.place("a"):
        gate._began = dict.fromkeys(
            gate._began, (PATIENCE, "b")
        )  # a newer one has the place every time
        with pytest.raises(GateClosed), gate.place("a"):
            pass


def test_a_burst_flows_while_hubspot_is_fast() -> None:
    """Every answer within a second makes room for one more, as long as somebody is under way."""
    gate = CallerGate(4, Ahead())
    with ExitStack() as burst:
        burst.enter_context(gate.place("a"))
        for _ in range(5):
            with gate.place("a"):
                pass
        for _ in range(6):
            burst.enter_context(gate.place("a"))
        assert gate.callers == 7
    assert gate._earned == 0


def test_slow_callers_take_back_what_a_burst_had_earned() -> None:
    """The next ones find as few places as there are."""
    time = Ahead()
    gate = CallerGate(1, time)
    with gate.place("b"):
        with ExitStack() as slow:
            gate._earned = 5
            slow.enter_context(gate.place("a"))
            time.passes(SLOW)
        assert gate._earned == 0


def test_many_at_once_and_none_is_refused() -> None:
    """Two hundred callers of a HubSpot that answers at once."""
    gate = CallerGate(4, Ahead())

    def call(_: int) -> None:
        with gate.place("a"):
            Event().wait(0.01)

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(call, range(200)))

    assert gate.callers == 0


def test_a_forked_child_begins_empty() -> None:
    """The callers are threads that it does not have; one that forks in its place goes on."""
    gate = CallerGate(1, Ahead())
    with gate.place("a"):
        gate._renew()
        assert gate.callers == 0

    assert gate.callers == 0
