"""Counts that the demo's page shows of renewals: who asked, and what HubSpot got."""

from collections import Counter
from collections.abc import Iterable
from threading import Lock

from portalkey.model.events import Event, EventName, happened
from portalkey_simulator import HubSpot

_OK = 200


class Counts:
    """Tokens that the page asked for, and what became of it; any thread may count."""

    def __init__(self, simulator: HubSpot) -> None:
        self._simulator, self._lock = simulator, Lock()
        self._asked = 0
        self._renewed: Counter[str] = Counter()
        happened.connect(self._note)

    def _note(self, event: Event) -> None:
        """Count a renewal, as any listener in an app could."""
        if event.name is EventName.REFRESHED and event.connection_id:
            with self._lock:
                self._renewed[event.connection_id] += 1

    def ask(self) -> None:
        """Count a token that is asked for."""
        with self._lock:
            self._asked += 1

    @property
    def tokens(self) -> int:
        """The number of tokens that were asked for."""
        return self._asked

    def count_renewals(self, connection_ids: Iterable[str | None]) -> int:
        """Return how often these connections were renewed."""
        return sum(self._renewed[each] for each in connection_ids if each)

    def count_requests(self) -> int:
        """Return how many tokens HubSpot was asked to renew, by its own record, and did."""
        answered = (each.form for each in self._simulator.requests if each.status == _OK)
        return sum(form.get("grant_type") == "refresh_token" for form in answered)
