"""A write-ahead log that has become long, written back into its file and emptied.

SQLite begins its log anew only at a moment at which nobody reads (sqlite.org/wal.html, section 6).
Beside many readers there is none for hours: the log grows with every commit, fills the disk and
makes each read slower.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from portalkey._support.clock import Clock
from portalkey.vault.sql.half_copies import log_of

LOOK_EVERY = 100
"""Writes of a process between two looks, of which the first is at its first write."""
LONG = 32 * 1024 * 1024
"""Bytes; SQLite's own limit, past which it looks for such a moment, is an eighth of that."""
WAIT = 0.25
"""Seconds for which new writers wait while readers come to their end."""
APART, MOST_APART = 5.0, 300.0
"""Seconds between two tries; twice as many after each in vain, as somebody may read for hours, such
as a backup, and each try holds up whoever writes."""


class LongLog:
    """Looks after the log of one file, from any thread of this process."""

    def __init__(
        self,
        path: Path,
        connect: Callable[[float], sqlite3.Connection],
        clock: Clock = time.monotonic,
    ) -> None:
        """Look after the file at *path*; *connect* opens it, and waits for so many seconds."""
        self._log, self._connect, self._clock = log_of(path), connect, clock
        self._next_at, self._apart = float("-inf"), APART

    def shorten(self) -> None:
        """Empty the log, if it is long and was not tried just now.

        Trouble is left for the next time: whoever comes by here has written already.
        """
        now = self._clock()
        if now < self._next_at or self._size() < LONG:
            return
        self._next_at = now + self._apart
        self._apart = min(2 * self._apart, MOST_APART)
        with suppress(sqlite3.Error), closing(self._connect(WAIT)) as connection:
            (is_busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not is_busy:
                self._apart = APART

    def _size(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:  # there is none
            return 0
