"""Counters of this process, added up in memory and written to the store in batches."""

import logging
import threading
import time
from collections import Counter as Counts

from portalkey._support.background import Background
from portalkey._support.clock import Clock
from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey.errors import PortalkeyError
from portalkey.model.counters import CounterKind, Tally
from portalkey.vault.vault import Vault

FLUSH_SECONDS = 5.0
"""Seconds between two writes of a process; whoever is counted never waits for one."""
_REFUSALS = frozenset({CounterKind.CALLBACK_REFUSED, CounterKind.FORGERY_REFUSED})

log = logging.getLogger("portalkey")


class Counters:
    """Counts from any thread; a forked child begins at nothing, as its parent writes its own."""

    def __init__(self, vault: Vault, clock: Clock = time.monotonic) -> None:
        self._vault = vault
        self._clock = clock
        self._background = Background(at_once=1)
        self._renew()
        renew_after_fork(self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counts[tuple[CounterKind, str | None]] = Counts()
        self._flush_at = self._clock() + FLUSH_SECONDS

    def add(self, kind: CounterKind, connection_id: str | None = None) -> None:
        """Count one of *kind*; what there is goes to the store once in ``FLUSH_SECONDS``."""
        renew_inherited()
        with self._lock:
            self._counts[kind, connection_id] += 1
            now = self._clock()
            is_due = now >= self._flush_at
            if is_due:
                self._flush_at = now + FLUSH_SECONDS
        if is_due:
            self._background.start("counters", self.flush)

    def flush(self) -> None:
        """Write what was counted since the last time; never raises.

        What the store does not take now goes with the next.
        """
        renew_inherited()
        with self._lock:
            counts, self._counts = self._counts, Counts()
        tallies = [Tally(kind, connection_id, n) for (kind, connection_id), n in counts.items()]
        if not tallies:
            return
        _log_refusals(tallies)
        try:
            self._vault.store.count(self._vault.client_id, tallies)
        except PortalkeyError as trouble:
            log.warning("counters not written yet (%s)", trouble.code)
            with self._lock:
                self._counts.update(counts)

    def close(self) -> None:
        """Wait for a write under way, and write the rest."""
        self._background.join()
        self.flush()


def _log_refusals(tallies: list[Tally]) -> None:
    # One line for all of them: nobody outside fills the log, either.
    for tally in tallies:
        if tally.kind in _REFUSALS:
            log.warning("%s: %d more", tally.kind, tally.n)
