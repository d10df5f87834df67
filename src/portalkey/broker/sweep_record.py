"""Record of the sweep: what HubSpot said of a connection is written, and what follows from it."""

import logging
from typing import TYPE_CHECKING

from portalkey.broker.suspicion import moved_facts
from portalkey.hubspot.account import Introspection
from portalkey.model import sweep
from portalkey.model.connection import Connection
from portalkey.model.events import EventName
from portalkey.model.sweep import Outcome, Suspicion

if TYPE_CHECKING:
    from portalkey.broker.audit import Audit
    from portalkey.broker.introspect import Introspector
    from portalkey.broker.sweep_guard import SweepGuard
    from portalkey.broker.sweep_notes import SweepNotebook
    from portalkey.vault.vault import Vault

log = logging.getLogger("portalkey")

_NOT_BELIEVED = (
    "HubSpot calls %s connected accounts in a row ended, and no other alive, so it is not "
    "believed: none of them was changed, and none is looked at for 15 minutes. If HubSpot has "
    "trouble, this ends with it. If HUBSPOT_API_URL or a proxy on the way does not lead to the "
    "HubSpot that people connected with, put it right"
)


class SweepRecord:
    """Writes looks on their rows, and tells the guard what speaks for HubSpot or against it."""

    def __init__(
        self,
        vault: "Vault",
        introspector: "Introspector",
        guard: "SweepGuard",
        audit: "Audit",
        *,
        notes: "SweepNotebook",
        uniform: sweep.Uniform,
    ) -> None:
        """Put the parts together; *uniform* spreads the looks over the day."""
        self._vault, self._introspector = vault, introspector
        self._guard, self._audit = guard, audit
        self._notes, self._uniform = notes, uniform

    def note(self, row: Connection, wait: tuple[float, float], suspicion: str | None) -> bool:
        """Note a look at *row*, and when the next one is; False where it was renewed meanwhile."""
        seconds = self._uniform(*wait)
        return self._vault.store.note_look(row, seconds, suspicion=suspicion)

    def note_alive(self, row: Connection, answer: Introspection, asked_at: float) -> Outcome:
        """Note that HubSpot honours *row*, by an *answer* to a question of that moment."""
        self._guard.record_alive(asked_at)
        if sweep.is_suspect(row):
            self._guard.record_lie()
        if not self.note(row, sweep.AGAIN_SECONDS, None):
            return Outcome.OVERTAKEN
        if not (answer.scopes and row.scopes):
            self._introspector.learn_scopes(row, answer.scopes)
            return Outcome.ACTIVE
        if set(answer.scopes) == set(row.scopes):
            return Outcome.ACTIVE
        is_written = self._introspector.replace_scopes(row, answer.scopes)
        return Outcome.SCOPES_CHANGED if is_written else Outcome.ACTIVE

    def note_refuted(self, row: Connection) -> None:
        """Note that *row* was renewed after HubSpot had called it dead."""
        self._guard.record_lie()
        self.note(row, sweep.AGAIN_SECONDS, None)

    def end(self, row: Connection, suspicion: Suspicion, answer: Introspection) -> Outcome:
        """End *row*, as HubSpot is believed; ``OVERTAKEN`` where others ended or used it."""
        self.note(row, sweep.AGAIN_SECONDS, suspicion)
        facts = moved_facts(suspicion, answer)
        is_ended = self._introspector.end(row, suspicion, **facts)
        return Outcome(suspicion.value) if is_ended else Outcome.OVERTAKEN

    def stop(self, dead: int) -> None:
        """Look at nothing for a while: HubSpot calls so many accounts *dead* in a row."""
        self._guard.stop()
        log.error(_NOT_BELIEVED, dead)
        self._notes.note_stop()
        self._audit.record(EventName.SWEEP_STOPPED, facts={"accounts": dead})
