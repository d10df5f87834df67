"""The outbox, in the store beside the sessions: what HubSpot is owed outlives them."""

from collections.abc import Sequence

from portalkey.vault.store import OwedRevocation, Store


class SessionOutbox:
    """The part of ``SessionStore`` that holds what HubSpot has still to be told."""

    _store: Store

    def enqueue(self, owed: OwedRevocation) -> None:
        """Keep a revocation."""
        self._store.enqueue(owed)

    def pending(self, at_most: int, *, client_id: str | None = None) -> Sequence[OwedRevocation]:
        """Revocations that are due."""
        return self._store.pending(at_most, client_id=client_id)

    def claim(self, owed_id: str, seconds: float) -> bool:
        """Keep others from a revocation that is due."""
        return self._store.claim(owed_id, seconds)

    def reschedule(self, owed_id: str, seconds: float) -> None:
        """Make a revocation due again."""
        self._store.reschedule(owed_id, seconds)

    def complete(self, owed_id: str) -> None:
        """Forget a revocation."""
        self._store.complete(owed_id)
