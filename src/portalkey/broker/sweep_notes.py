"""Notes of the sweep in the store, for whoever looks after the installation.

Two, each of one thing: when somebody swept last, and when HubSpot was last not believed. A process
that sweeps on in peace leaves the second alone, which another wrote.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from portalkey._support.clock import Clock

if TYPE_CHECKING:
    from portalkey.vault.store import Store
    from portalkey.vault.vault import Vault

NOTE_SECONDS = 60.0
"""Seconds between two notes of a process that it sweeps."""
_ROUND, _DOUBT = "sweep_round ", "sweep_stopped "


@dataclass(frozen=True, slots=True)
class SweepNotes:
    """The last moments at which somebody swept, and HubSpot was not believed; None for never."""

    swept_at: datetime | None = None
    stopped_at: datetime | None = None


class SweepNotebook:
    """Writes the notes of one process."""

    def __init__(self, vault: "Vault", clock: Clock) -> None:
        """Note nothing yet; *clock* counts the seconds from note to note."""
        self._vault, self._clock = vault, clock
        self._noted_at = float("-inf")

    def note_round(self) -> None:
        """Note that somebody sweeps, once a minute at most.

        Raises:
            StoreBusy, StoreUnusable: Nothing was written.
        """
        now = self._clock()
        if now >= self._noted_at + NOTE_SECONDS:
            self._noted_at = now
            self._write(_ROUND)

    def note_stop(self) -> None:
        """Note that HubSpot is not believed.

        Raises:
            StoreBusy, StoreUnusable: Nothing was written.
        """
        self._write(_DOUBT)

    def _write(self, prefix: str) -> None:
        store = self._vault.store
        store.put_meta(prefix + self._vault.client_id, store.now().isoformat())


def read_notes(store: "Store", client_id: str) -> SweepNotes:
    """Return what all processes of an app noted.

    Raises:
        StoreBusy, StoreUnusable: The store cannot be read.
    """
    values = (store.meta(prefix + client_id) for prefix in (_ROUND, _DOUBT))
    return SweepNotes(*(datetime.fromisoformat(value) if value else None for value in values))
