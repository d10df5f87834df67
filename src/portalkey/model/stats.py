"""Counts of what is in a store."""

from collections.abc import Mapping
from dataclasses import dataclass

from portalkey.model.connection import ConnectionStatus


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of one app's connections at one moment; None is what cannot be counted.

    ``connections`` has a number for every status, ``oldest_failing`` is for how many seconds the
    one has been failing that fails for longest, 0 where none does. ``outbox`` counts what HubSpot
    is still owed, due or not. ``notifications`` counts what receivers of events have still to hear
    of, and ``oldest_notification`` is how many seconds ago the oldest of these changes was.
    """

    connections: Mapping[ConnectionStatus, int] | None
    oldest_failing: float | None
    outbox: int
    is_breaker_open: bool | None
    notifications: int = 0
    oldest_notification: float = 0.0
