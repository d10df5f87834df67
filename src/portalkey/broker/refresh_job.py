"""Errands of a caller, or of the background, that renew one connection."""

from dataclasses import dataclass
from typing import Protocol

from portalkey.broker import waiting
from portalkey.broker.waiting import UNBOUNDED
from portalkey.model.connection import Connection
from portalkey.model.throttle import Purpose


@dataclass(frozen=True, slots=True)
class RefreshJob:
    """Get a grant later than *generation* where one is named, a good one otherwise.

    *until* is the moment at which the caller gives up, and *longest* for how many seconds to wait
    for another process. *is_forced* is after a caller's 401.
    *purpose* says how urgent it is, and *seen* is the row as the caller read it at the moment
    *seen_at*.
    """

    connection_id: str
    until: float = UNBOUNDED
    longest: float = waiting.LONGEST
    generation: int | None = None
    is_forced: bool = False
    purpose: Purpose = Purpose.CALLER
    seen: Connection | None = None
    seen_at: float = -UNBOUNDED


class HasGeneration(Protocol):
    """The part of a connection that asking for its next generation needs."""

    @property
    def id(self) -> str:
        """The connection's id."""

    @property
    def generation(self) -> int:
        """The generation of the grant that it bears."""
