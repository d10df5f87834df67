"""Installs that begin at HubSpot, in memory: one part of ``MemoryStore``."""

from collections.abc import Collection, Sequence

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import Visitor
from portalkey.model.installs import claim_install
from portalkey.vault.memory_attempts import AttemptsInMemory


class InstallsInMemory(AttemptsInMemory):
    """The part of ``MemoryStore`` that ``InstallStore`` promises."""

    def claim_install(self, attempt_id: str, visitor: Visitor) -> Attempt | None:
        """Make a pending install *visitor*'s, and return it."""
        with self._writing():
            attempt = self.attempt(attempt_id)
            claimed = claim_install(attempt, visitor) if attempt else None
            if claimed is not None:
                self._attempts[attempt_id] = claimed
            return claimed

    def pending_installs(self, redirect_uri: str, at_most: int) -> Sequence[Attempt]:
        """Return the installs that came back to this address and wait."""
        with self._lock:
            ids = [each.id for each in self._attempts.values() if each.is_pending]
            rows = [row for row in map(self.attempt, ids) if row is not None and row.is_pending]
        ours = [row for row in rows if row.redirect_uri == redirect_uri]
        return sorted(ours, key=lambda row: (row.expires_at, row.id))[:at_most]

    def questions_with(self, fingerprints: Collection[str]) -> Collection[str]:
        """Return the ids of attempts that ask with such a grant."""
        with self._lock:
            owed = [e.id for e in self._owed.values() if e.fingerprint in fingerprints]
            rows = [row for row in map(self.attempt, owed) if row is not None]
        return {row.id for row in rows if row.status is AttemptStatus.ASKING}
