"""Searches in memory: one part of ``MemoryStore``."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from portalkey.model.search import (
    ConnectionPage,
    ConnectionSearch,
    EventPlace,
    EventSearch,
    PlacedEvent,
)
from portalkey.vault.memory_keys import KeysInMemory


class SearchInMemory(KeysInMemory):
    """The part of ``MemoryStore`` that ``SearchStore`` promises."""

    def find(self, search: ConnectionSearch, at_most: int, *, after: str = "") -> ConnectionPage:
        """Return the connections of *search* by id."""
        with self._lock:
            now = self.now()
            rows = [row for row in self._connections.values() if row.id > after]
        found = sorted((row for row in rows if search.finds(row)), key=lambda row: row.id)
        page = [replace(row, seen_at=now) for row in found[:at_most]]
        return ConnectionPage(page, page[-1].id if len(found) > at_most else None)

    def find_events(self, search: EventSearch, at_most: int) -> Sequence[PlacedEvent]:
        """Return the events of *search* in its order."""
        with self._lock:
            placed = list(self._place_events())
        found = [each for each in placed if search.finds(*each)]
        found.sort(key=lambda each: each[0], reverse=search.is_backward)
        return found[:at_most]

    def _place_events(self) -> Iterator[PlacedEvent]:
        """Number the events of one moment: their places are the same when others are purged."""
        numbers: Counter[float] = Counter()
        for event in self._events:
            at = event.at.timestamp() if event.at else 0.0
            yield EventPlace(at, numbers[at]), event
            numbers[at] += 1
