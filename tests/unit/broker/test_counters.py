"""Counting is added up in the process, and written in batches."""

import logging
import os
import threading
import weakref
from typing import Any

import pytest

from portalkey.broker.counters import BITE, FLUSH_SECONDS, Counters, _flush_at_exit
from portalkey.errors import StoreBusy
from portalkey.model.counters import CounterKind, Tally
from portalkey.settings import Key
from portalkey.vault import Keyring, MemoryStore, Vault
from portalkey.vault.keyring import new_key

RENEWED, REFUSED = CounterKind.RENEWED, CounterKind.CALLBACK_REFUSED
TAKEN = CounterKind.TOKEN_TAKEN


class Watched(MemoryStore):
    """A store that keeps what it is given to count, and is busy for as long as it is told so."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[Tally]] = []
        self.busy_after = 1000
        self.is_busy = False

    def count(self, client_id: str, tallies: object) -> None:
        """Count, or be busy."""
        if self.is_busy or len(self.batches) >= self.busy_after:
            raise StoreBusy
        assert isinstance(tallies, list)
        self.batches.append(tallies)
        super().count(client_id, tallies)


class Seconds:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def store() -> Watched:
    """An empty one."""
    return Watched()


@pytest.fixture
def clock() -> Seconds:
    """A clock."""
    return Seconds()


@pytest.fixture
def counters(store: Watched, clock: Seconds) -> Counters:
    """Counters over the store."""
    return Counters(Vault(Keyring([Key("k", new_key())]), store, "app"), clock, "web")


def test_a_flood_is_a_few_writes(counters: Counters, store: Watched, clock: Seconds) -> None:
    """One in so many seconds, from however many threads."""
    clock.now += FLUSH_SECONDS
    counters.add(REFUSED)
    counters._background.join()

    def flood() -> None:
        for _ in range(100):
            counters.add(REFUSED)

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert store.batches == [[Tally(REFUSED, None, 1)]]

    clock.now += FLUSH_SECONDS
    counters.add(RENEWED, "row 1")
    counters.close()

    assert store.batches[1:] == [[Tally(REFUSED, None, 400), Tally(RENEWED, "row 1", 1)]]


def test_what_a_busy_store_does_not_take_goes_later(counters: Counters, store: Watched) -> None:
    """Nothing is lost, and whoever is counted hears nothing of it."""
    store.is_busy = True
    counters.add(REFUSED)
    counters.add(REFUSED)
    counters.close()
    store.is_busy = False

    counters.close()
    counters.close()

    assert store.batches == [[Tally(REFUSED, None, 2)]]


def test_strangers_do_not_fill_the_log(
    counters: Counters, caplog: pytest.LogCaptureFixture
) -> None:
    """One line says how many they were."""
    with caplog.at_level(logging.INFO, "portalkey"):
        for _ in range(1000):
            counters.add(REFUSED)
        counters.close()

    assert len(caplog.records) <= 2
    assert {each.levelno for each in caplog.records} == {logging.WARNING}
    assert "callback_refused" in caplog.text


class Holder:
    """Whoever has an open token."""


def test_a_taken_token_is_counted_without_a_write(counters: Counters, store: Watched) -> None:
    """Under the label of the process, from any thread, and none is lost or counted twice."""
    holder = Holder()
    steps = counters.follow("row 1", holder)

    def take() -> None:
        for _ in range(1000):
            next(steps)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert store.batches == []

    counters.flush()
    counters.flush()
    next(steps)
    counters.flush()

    taken = [Tally(TAKEN, "row 1", n, "web") for n in (4000, 1)]
    assert store.batches == [taken[:1], taken[1:]]


def test_a_token_that_nobody_has_any_more_is_counted_to_its_end(
    counters: Counters, store: Watched
) -> None:
    """The last hand-out of what was thrown away is written; what is empty is let go at once."""
    holder = Holder()
    next(counters.follow("row 1", holder))
    counters.flush()
    del holder
    counters.flush()
    assert counters._takes == []
    for number in range(3 * BITE):
        next(counters.follow(f"row {number}", Holder()))
    assert len(counters._takes) <= 2 * BITE

    counters.close()

    assert sum(each.n for batch in store.batches for each in batch) == 1 + 3 * BITE
    assert max(map(len, store.batches)) <= BITE


def test_what_a_busy_store_takes_half_of_goes_on_from_there(
    counters: Counters, store: Watched
) -> None:
    """No bite is written twice, and none is lost."""
    holders = [Holder() for _ in range(BITE + 7)]
    for number, holder in enumerate(holders):
        next(counters.follow(f"row {number}", holder))
    store.busy_after = 1
    counters.flush()
    assert [len(batch) for batch in store.batches] == [BITE]
    store.busy_after = 1000

    counters.flush()

    assert [len(batch) for batch in store.batches] == [BITE, 7]


@pytest.mark.parametrize("is_there", [True, False])
def test_the_end_of_a_process_writes_the_rest(
    counters: Counters, store: Watched, *, is_there: bool
) -> None:
    """A script need not close its broker to be counted; one that is gone is left alone."""
    holder = Holder()
    next(counters.follow("row 1", holder))
    reference: Any = weakref.ref(counters) if is_there else lambda: None

    _flush_at_exit(reference)

    assert store.batches == ([[Tally(TAKEN, "row 1", 1, "web")]] if is_there else [])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_counts_its_own(counters: Counters, store: Watched) -> None:
    """What its parent has counted and not written yet, its parent writes."""
    counters.add(REFUSED)
    child = os.fork()
    if child == 0:
        counters.close()
        os._exit(len(store.batches))

    _, status = os.waitpid(child, 0)
    counters.close()

    assert os.waitstatus_to_exitcode(status) == 0
    assert [each.n for each in store.counters("app")] == [1]
