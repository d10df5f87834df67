"""Counting is added up in the process, and written in batches."""

import logging
import os
import threading

import pytest

from portalkey.broker.counters import FLUSH_SECONDS, Counters
from portalkey.errors import StoreBusy
from portalkey.model.counters import CounterKind, Tally
from portalkey.settings import Key
from portalkey.vault import Keyring, MemoryStore, Vault
from portalkey.vault.keyring import new_key

RENEWED, REFUSED = CounterKind.RENEWED, CounterKind.CALLBACK_REFUSED


class Watched(MemoryStore):
    """A store that keeps what it is given to count, and is busy for as long as it is told so."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[Tally]] = []
        self.is_busy = False

    def count(self, client_id: str, tallies: object) -> None:
        """Count, or be busy."""
        if self.is_busy:
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
    return Counters(Vault(Keyring([Key("k", new_key())]), store, "app"), clock)


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
