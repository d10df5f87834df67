"""Revocations of grants that were replaced in sessions, on their way to the outbox.

A session and a database are not written in one transaction, and a cookie counts only once the
browser has it. So the grant comes first: what it replaced goes to the outbox right after, and where
the store does not take it, with one of the next requests, whoever's that is.
"""

import logging
import threading

from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey.errors import PortalkeyError
from portalkey.vault.store import OwedRevocation, Store

log = logging.getLogger("portalkey")

MOST = 1000
"""Revocations that wait in this process, at most."""


class OwedBySessions:
    """Revocations that the store has not taken yet; they end with the process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._renew()
        renew_after_fork(self._renew)

    def _renew(self) -> None:
        """Begin empty: what the parent waits for is the parent's."""
        self._lock = threading.Lock()
        self._waiting: list[OwedRevocation] = []

    def keep(self, owed: OwedRevocation) -> None:
        """Hand *owed* to the store, now or with one of the next requests; never raises."""
        renew_inherited()
        with self._lock:
            self._waiting = [*self._waiting, owed][-MOST:]
        self.hand_over()

    def hand_over(self) -> None:
        """Hand the store what waits; never raises."""
        renew_inherited()
        while self._waiting:
            with self._lock:
                if not self._waiting:
                    return
                owed = self._waiting.pop(0)
            try:
                self._store.enqueue(owed)
            except PortalkeyError as trouble:
                with self._lock:
                    self._waiting.insert(0, owed)
                log.error("revocation not kept yet (%s)", trouble.code)  # noqa: TRY400 - the code says it
                return
