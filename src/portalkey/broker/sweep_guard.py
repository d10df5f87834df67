"""Doubt in HubSpot's word that connections have ended: a HubSpot in trouble may say so of all.

Each process doubts by what it hears itself. An account counts once, however many of its people are
connected: whoever uninstalls the app ends all of them at one moment.
"""

from portalkey._support.clock import Clock
from portalkey.model.connection import Connection

IN_A_ROW = 20
"""So many accounts dead in a row, and none alive among them, are not believed."""
WITNESSES = 3
"""So many other accounts are dead, too, where none that is asked lives: it is not believed."""
WITNESS_SECONDS = 600.0
"""Seconds for which a connection that HubSpot called alive bears witness for it."""
DOUBT_SECONDS = 3 * 3600.0
"""Seconds for which nothing is believed after a connection was alive that HubSpot called dead."""
DOUBT_PATIENCE = 12 * 3600.0
"""Seconds after which one is believed dead all the same, by each look at it in between: a neighbour
that is now dead and now alive raises doubt after doubt."""
SILENCE_PATIENCE = 3 * 3600.0
"""Seconds after which one is believed dead, by each look at it in between, where no witness can be
had as HubSpot says nothing of the others that were asked about."""
STOP_SECONDS = 900.0
"""Seconds for which nothing is looked at once HubSpot is not believed."""


class SweepGuard:
    """Knows if HubSpot may be believed where it calls a connection dead."""

    def __init__(self, clock: Clock) -> None:
        """Believe it, until something speaks against it."""
        self._clock = clock
        self._alive_at = self._lied_at = self._stopped_at = float("-inf")
        self._dead: set[int] = set()

    @property
    def is_stopped(self) -> bool:
        """True while nothing is to be looked at."""
        return self._clock() < self._stopped_at + STOP_SECONDS

    @property
    def is_in_doubt(self) -> bool:
        """True while HubSpot has called connections dead that lived."""
        return self._clock() < self._lied_at + DOUBT_SECONDS

    @property
    def has_witness(self) -> bool:
        """True where HubSpot called a connection alive a moment ago."""
        return self._clock() < self._alive_at + WITNESS_SECONDS

    def record_alive(self, asked_at: float) -> None:
        """Record that HubSpot called a connection alive that it was asked about then.

        Whoever was held up since must not take an old answer for a new one.
        """
        self._alive_at = max(self._alive_at, asked_at)
        self._dead.clear()

    def record_dead(self, connection: Connection) -> int | None:
        """Record that HubSpot called *connection* dead.

        Return the number of accounts dead in a row once they are too many; None before.
        """
        self._dead.add(connection.hub_id)
        return len(self._dead) if len(self._dead) >= IN_A_ROW else None

    def record_lie(self) -> None:
        """Record that a connection lives which HubSpot had called dead."""
        self._lied_at = self._clock()

    def stop(self) -> None:
        """Look at nothing for a while, and begin anew after that."""
        self._stopped_at = self._clock()
        self._alive_at = float("-inf")
        self._dead.clear()
