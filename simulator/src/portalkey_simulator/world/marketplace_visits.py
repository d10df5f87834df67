"""Installs that began in the marketplace, and are not at their end."""

import dataclasses
import threading
from dataclasses import dataclass

from portalkey_simulator.world.installs import Agreement


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who installs an app: what they are about to agree to, or have agreed to.

    ``last_leg`` is the app's address that comes after the consent, with the code; it is empty
    before.
    """

    agreement: Agreement
    last_leg: str = dataclasses.field(default="", repr=False)


class Visits:
    """All of them, by an id that stands in the addresses of their pages."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._visits: dict[str, Visit] = {}

    def set(self, visit_id: str, visit: Visit) -> None:
        """Keep the *visit* as it is now."""
        with self._lock:
            self._visits[visit_id] = visit

    def get(self, visit_id: str) -> Visit | None:
        """The visit of this id."""
        with self._lock:
            return self._visits.get(visit_id)

    def clear(self) -> None:
        """Nobody is on the way."""
        with self._lock:
            self._visits.clear()
