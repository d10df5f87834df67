"""Place of a reader in HubSpot's webhooks journal: one row in the store, for one reader at a time.

Every step writes the row by comparison with what the reader wrote last, so whoever was taken for
dead writes nothing any more.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from portalkey.model.events import Event
from portalkey.model.journal import JournalState
from portalkey.vault.vault import Vault

EVERY = 30.0
"""Seconds between two looks, of all processes together, where nothing more was there."""
HELD = 90.0
"""Seconds for which a reader that says nothing keeps others from reading: more than one page takes.
"""


class PlaceLost(Exception):
    """Another reader has the row by now: this one was taken for dead."""


class Place:
    """The row of a journal, while one reader has it."""

    def __init__(self, vault: Vault, name: str, text: str, state: JournalState) -> None:
        self._store = vault.store
        self._name, self._text = name, text
        self.state = state

    @classmethod
    def claim(cls, vault: Vault, name: str, every: float = EVERY) -> "Place | None":
        """Return the row for a reader; None where another reads, or did a moment ago.

        *every* is how many seconds pass between two looks.
        """
        text, now = vault.store.meta(name), vault.store.now()
        state = JournalState.parse(text)
        if state.was_tried(every / 2, now) or state.is_held_by_another(now):
            return None
        held = replace(state, holder=secrets.token_hex(8), until=now + timedelta(seconds=HELD))
        if not vault.store.swap_meta(name, text, held.dump()):
            return None
        return cls(vault, name, held.dump(), held)

    def write(self, events: Sequence[Event] = (), **changes: object) -> None:
        """Write *changes* of the state, and *events* with them, and hold the row on.

        Raises:
            PlaceLost: Another reader has it.
        """
        until = self._store.now() + timedelta(seconds=HELD)
        state = replace(self.state, until=until, **changes)  # type: ignore[arg-type]
        text = state.dump()
        if not self._store.swap_meta(self._name, self._text, text, events=events):
            raise PlaceLost
        self._text, self.state = text, state

    def let_go(self, *, error: str | None = None) -> None:
        """Let others read, and say which *error* reading stands still for."""
        before, now = self.state, self._store.now()
        since = before.error_at if before.error == error else now
        state = replace(
            before,
            holder=None,
            until=None,
            tried_at=now,
            error=error,
            error_at=since if error else None,
        )
        text = state.dump()
        if self._store.swap_meta(self._name, self._text, text):
            self._text, self.state = text, state
