"""Invitations in memory: one part of ``MemoryStore``."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from portalkey.model.attempt import AttemptStatus
from portalkey.model.events import Event
from portalkey.model.invitation import Invitation, bind
from portalkey.model.transitions import RETENTION
from portalkey.vault.memory_attempts import AttemptsInMemory


class InvitationsInMemory(AttemptsInMemory):
    """The part of ``MemoryStore`` that ``InvitationStore`` promises."""

    _invitations: dict[str, Invitation]

    def invite(self, invitation: Invitation, *, event: Event) -> None:
        """Keep a new *invitation*, and record *event*."""
        with self._writing():
            self._invitations[invitation.id] = invitation
            self._record(event)

    def invitation(self, invitation_id: str) -> Invitation | None:
        """Return the invitation of this id."""
        with self._lock:
            row = self._invitations.get(invitation_id)
            return row and replace(row, seen_at=self.now())

    def invitation_by_secret(self, secret_hash: str) -> Invitation | None:
        """Return the invitation whose link has this secret."""
        with self._lock:
            rows = [e.id for e in self._invitations.values() if e.secret_hash == secret_hash]
            return self.invitation(rows[0]) if rows else None

    def invitations(
        self, *, client_id: str | None = None, owner: str | None = None, at_most: int = 1000
    ) -> Sequence[Invitation]:
        """Return invitations of this app, and of this *owner*, newest first."""
        with self._lock:
            now = self.now()
            of_app = [e for e in self._invitations.values() if client_id in {None, e.client_id}]
        rows = [replace(each, seen_at=now) for each in of_app if owner in {None, each.owner}]
        rows.sort(key=lambda each: each.id)
        return sorted(rows, key=lambda each: each.created_at, reverse=True)[:at_most]

    def bind_invitation(self, invitation_id: str, browser_hash: str, *, event: Event) -> bool:
        """Bind it to a browser, and record *event*; again for the same browser, without."""
        with self._writing():
            row = self.invitation(invitation_id)
            bound = bind(row, browser_hash) if row else None
            if row is None or bound is None:
                return False
            self._invitations[row.id] = bound
            self._record(event if row.bound_at is None else None)
            return True

    def withdraw(self, invitation_id: str, *, event: Event) -> bool:
        """End a live invitation, and cancel what is under way by it."""
        with self._writing():
            row = self.invitation(invitation_id)
            if row is None or not row.is_live:
                return False
            theirs = [e.id for e in self._attempts.values() if e.invitation_id == row.id]
            for each in theirs:
                self._move(each, AttemptStatus.CANCELLED)
            self._invitations[row.id] = replace(row, withdrawn_at=row.seen_at)
            self._record(event)
            return True

    def _is_live(self, invitation_id: str) -> bool:
        row = self.invitation(invitation_id)
        return row is not None and row.is_live

    def _use_invitation(self, invitation_id: str, connection_id: str) -> None:
        row = self._invitations[invitation_id]
        used = replace(row, used_at=self.now(), connection_id=connection_id)
        self._invitations[invitation_id] = used

    def _purge_invitations(self, now: datetime, at_most: int) -> bool:
        """Forget those that ended long ago; return True where there may be more."""
        at = now - RETENTION
        old = [each.id for each in self._invitations.values() if each.expires_at < at]
        for each in old[:at_most]:
            del self._invitations[each]
        return len(old) > at_most
