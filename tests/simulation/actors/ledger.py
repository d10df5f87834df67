"""What receivers hear of, beside what was committed: N1 to N5.

A change is what a row became, whatever the audit says of it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.model.notifications import NOTIFIED
from portalkey.vault import MemoryStore

RECEIVERS = ("webhook", "app")

_BEGUN = frozenset({EventName.CONNECTED, EventName.RECONNECTED})
_ENDED = frozenset({EventName.NEEDS_RECONNECT})
_ERASED = frozenset({EventName.DISCONNECTED})
_OF_ROWS = _BEGUN | _ENDED | _ERASED


Identity = tuple[EventName, str | None, datetime | None]
"""An event but for its id; several of one moment may be alike."""


def _identify(event: Event) -> Identity:
    return event.name, event.connection_id, event.at


def name_change(name: str, before: Connection, row: Connection) -> frozenset[EventName] | None:
    """The events that may stand for what *name* made of a row; None where nobody hears of it."""
    if name == "connect" and row.generation != before.generation:
        return _BEGUN
    if row.status is before.status:
        return None
    if row.status is ConnectionStatus.DISCONNECTED:
        return _ERASED
    return _ENDED if row.status is ConnectionStatus.NEEDS_RECONNECT else None


def is_healed(name: str, before: Connection, row: Connection) -> bool:
    """True where *name* made a row connected, by no connecting, that had ended."""
    return (
        name != "connect"
        and before.status is ConnectionStatus.NEEDS_RECONNECT
        and row.status is ConnectionStatus.CONNECTED
    )


class Ledger:
    """Changes as rows have them, and what each receiver has heard."""

    def __init__(self, store: MemoryStore, broke: Callable[[str], None]) -> None:
        self._store = store
        self._broke = broke
        self.changes: dict[str, list[frozenset[EventName]]] = defaultdict(list)
        self._firsts: dict[tuple[str, str | None], list[str]] = defaultdict(list)
        self._ids: dict[tuple[str, Identity], set[str]] = defaultdict(set)
        self.repeats = self.healed = 0
        self._moves: dict[str, tuple[str, Connection, Connection]] = {}
        self._seen = 0

    def changed(self, name: str, before: Connection | None, row: Connection) -> None:
        """A row was written."""
        names = _BEGUN if before is None else name_change(name, before, row)
        if names is not None:
            self.changes[row.id].append(names)
        if before is not None:
            self._moves[row.id] = name, before, row

    def committed(self) -> None:
        """A transaction is over: the rows that it healed, and no others, have their event."""
        if not self._moves and len(self._store._events) == self._seen:
            return
        moves, self._moves = self._moves, {}
        new, self._seen = self._store._events[self._seen :], len(self._store._events)
        heals = [each for each in new if each.name is EventName.HEALED]
        for connection_id, move in moves.items():
            if is_healed(*move):
                self.healed += 1
                if sum(each.connection_id == connection_id for each in heals) != 1:
                    self._broke("N5 a row that had ended is healed without an event of its own")
        for event in heals:
            self._require_failure(moves.get(event.connection_id or ""))
            self._require_owed(event)

    def _require_failure(self, move: tuple[str, Connection, Connection] | None) -> None:
        connected = ConnectionStatus.CONNECTED
        if move is None or move[1].status is connected or move[2].status is not connected:
            self._broke("N5 a row is said to be healed that was connected, or is not")

    def _require_owed(self, event: Event) -> None:
        owed = [each for each in self._store._notifications.values() if each.event_id == event.id]
        if sorted(each.receiver for each in owed) != sorted(RECEIVERS):
            self._broke("N5 not every receiver is owed one notification of what is healed")

    def arrived(self, receiver: str, event: Event) -> None:
        """A *receiver* has an *event*."""
        event_id = event.id or ""
        there = self._store.event(event_id)
        if there is None or (there.name, there.connection_id) != (event.name, event.connection_id):
            self._broke(f"N3 {event.name} was never committed, and is delivered")
        self._ids[receiver, _identify(event)].add(event_id)
        firsts = self._firsts[receiver, event.connection_id]
        if event_id in firsts:
            self.repeats += 1
        else:
            firsts.append(event_id)

    def outcomes(self) -> None:
        """Once nothing waits any more: all have heard of all."""
        committed: dict[str | None, list[Event]] = defaultdict(list)
        for event in self._store._events:
            if event.name in NOTIFIED:
                committed[event.connection_id].append(event)
        number = Counter(_identify(event) for event in self._store._events)
        if any(len(ids) > number[change] for (_, change), ids in self._ids.items()):
            self._broke("N4 a change that comes again has another id")
        for connection_id, events in committed.items():
            for receiver in RECEIVERS:
                self._compare(receiver, connection_id, [event.id or "" for event in events])
        for connection_id, changes in self.changes.items():
            self._match(changes, [event.name for event in committed[connection_id]])

    def _compare(self, receiver: str, connection_id: str | None, ids: Sequence[str]) -> None:
        firsts = self._firsts[receiver, connection_id]
        if set(ids) - set(firsts):
            self._broke(f"N1 {receiver} has not heard of a change that was committed")
        known = [each for each in firsts if each in ids]
        if connection_id is not None and known != [each for each in ids if each in known]:
            self._broke(f"N2 {receiver} heard of one connection's changes in another order")

    def _match(self, changes: Sequence[frozenset[EventName]], names: Sequence[EventName]) -> None:
        """Each change of a row has its event; for what heals, ``committed`` has seen to it."""
        there = [name for name in names if name in _OF_ROWS]
        if len(changes) != len(there) or any(
            name not in each for name, each in zip(there, changes, strict=True)
        ):
            self._broke("N1 a change of a row has no event of its own")
