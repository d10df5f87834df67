"""Installs that began in the marketplace, and are not at their end."""

import dataclasses
import threading
from dataclasses import dataclass

from portalkey_simulator.world.installs import Agreement


@dataclass(frozen=True, slots=True)
class Visit:
    """An install under way: what the person is about to agree to, or has agreed to.

    ``last_leg`` is the app's address that comes after the consent, with the code; it is empty
    before.
    """

    agreement: Agreement
    last_leg: str = dataclasses.field(default="", repr=False)


class Visits:
    """Every visit, by an id that stands in the addresses of its pages."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._visits: dict[str, Visit] = {}

    def set(self, visit_id: str, visit: Visit) -> None:
        """Keep the *visit* as it is now."""
        with self._lock:
            self._visits[visit_id] = visit

    def get(self, visit_id: str) -> Visit | None:
        """Return the visit of this id."""
        with self._lock:
            return self._visits.get(visit_id)

    def clear(self) -> None:
        """Forget every visit."""
        with self._lock:
            self._visits.clear()
