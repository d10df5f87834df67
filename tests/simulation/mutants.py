"""Portalkey with one guard taken away: each breaks one invariant, and has to be caught at it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from portalkey.broker.refresh import Refresh
from portalkey.broker.refresh_outcome import OutcomeRecorder
from portalkey.broker.token_request import TokenRequest
from portalkey.errors import PortalkeyError, StoreBusy, StoreUnusable
from portalkey.hubspot.http import Response
from portalkey.model import leases, transitions
from portalkey.model.connection import Connection, ConnectionStatus, Grant, SealedGrant
from portalkey.model.events import Event
from portalkey.model.leases import Lease
from portalkey.vault import MemoryStore, OwedRevocation
from portalkey.vault.store import Mark, TellRenewal
from simulation.hubspot import Mode
from simulation.ports import Process, SimHolder
from simulation.schedule import Kind


class _DeadHolders(SimHolder):
    def is_dead(self, name: str) -> bool:
        """Everybody."""
        return True


class _Standstill(MemoryStore):
    def renew(
        self,
        connection: Connection,
        *,
        instead_of: str,
        status: ConnectionStatus | None = None,
        tell: TellRenewal | None = None,
    ) -> ConnectionStatus | None:
        """Under the generation that was there."""
        there = self._connections[connection.id]
        before = super().renew(connection, instead_of=instead_of, status=status, tell=tell)
        if before is not None:
            row = replace(self._connections[connection.id], generation=there.generation)
            self._connections[connection.id] = row
        return before


class _Overwriting(MemoryStore):
    def renew(
        self,
        connection: Connection,
        *,
        instead_of: str,
        status: ConnectionStatus | None = None,
        tell: TellRenewal | None = None,
    ) -> ConnectionStatus | None:
        """Whatever stands there."""
        there = self._connections[connection.id]
        if there.sealed is None:
            return None
        changes = {name: getattr(connection, name) for name in transitions.RENEWED}
        self._connections[there.id] = replace(leases.clear_lease(there), **changes)
        return there.status


class _Unlooked(MemoryStore):
    def _find_same(self, connection: Connection) -> Connection | None:
        """Whatever grant it bears."""
        return self._connections.get(connection.id)


class _Forgetful(MemoryStore):
    def disconnect(
        self, connection: Connection, owed: OwedRevocation | None, *, event: Event | None = None
    ) -> bool:
        """Say so, and do nothing."""
        return True


class _DeadEnd(MemoryStore):
    def mark(self, connection: Connection, mark: Mark) -> bool:
        """To be tried again in a year."""
        later = None if mark.wait is None else timedelta(days=365).total_seconds()
        return super().mark(connection, replace(mark, wait=later))


class _Halves:
    """A store port that writes a renewal in two transactions, access token first."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._renew = process.port.renew

    def __call__(
        self, connection: Connection, *, instead_of: str, tell: TellRenewal
    ) -> ConnectionStatus | None:
        process = self._process
        there = process.store._connections[connection.id]
        old, new = there.sealed, connection.sealed
        if old is not None and new is not None and there.generation < connection.generation:
            half = SealedGrant(new.access, old.refresh, old.fingerprint, old.key_name)
            row = replace(there, sealed=half, access_expires_at=connection.access_expires_at)
            process.store._connections[connection.id] = row
        before: ConnectionStatus | None = self._renew(connection, instead_of=instead_of, tell=tell)
        return before


class _Trusting(Refresh):
    def _serve_or_raise(
        self, row: Connection, read_at: float, trouble: PortalkeyError
    ) -> Connection:
        """Hand it out, dead or alive."""
        return row


class _Hasty(OutcomeRecorder):
    def record_failure(self, lease: Lease, connection: Connection, trouble: PortalkeyError) -> None:
        """Whatever it is, the grant is dead."""
        self.record_invalid_grant(lease)


class _Careless(TokenRequest):
    def _save_refresh_token(
        self,
        leased: Connection,
        response: Response | None,
        trouble: PortalkeyError,
        until: float,
    ) -> Connection:
        """Judge first, and secure nothing."""
        return leased


class _Eager(TokenRequest):
    def _save_first(
        self, leased: Connection, grant: Grant, event: Event | None, until: float
    ) -> Connection:
        """Hand it out, saved or not."""
        try:
            return super()._save_first(leased, grant, event, until)
        except (StoreBusy, StoreUnusable):
            whole = replace(grant, refresh_token=self._vault.open_refresh(leased))
            end = leased.seen_at + timedelta(seconds=grant.expires_in)
            unsaved = replace(leased, generation=leased.generation + 1, access_expires_at=end)
            return replace(unsaved, sealed=self._vault.seal_tokens(unsaved, whole))


class _ShortOfBreath(TokenRequest):
    def _save_first(
        self, leased: Connection, grant: Grant, event: Event | None, until: float
    ) -> Connection:
        """Try once, and keep nothing for later."""
        kept = self._save(leased, grant, event)
        return kept.connection if kept else super()._save_first(leased, grant, event, until)


def _lease_owner(process: Process) -> None:
    process.refresh._renewal._lease_owner = _DeadHolders(process)


def _halves(process: Process) -> None:
    process.port.renew = _Halves(process)


def _of_class(part: str, kind: type) -> Any:
    def fit(process: Process) -> None:
        whole: Any = process.refresh
        if part == "refresh":
            whole.__class__ = kind
        elif part == "renewal":
            whole._token_request.__class__ = kind
        else:
            whole._token_request._outcomes.__class__ = kind

    return fit


_HELD_UP = ("pause_after", "refresh")
_ROTATING: Sequence[Mode] = (Mode.SINGLE_USE, Mode.REUSE_KILLS)

MUTANTS: dict[str, tuple[str, Kind]] = {
    "every holder of a lease is taken for dead": ("I1", Kind(fit=_lease_owner)),
    "a renewal keeps the generation": ("I2", Kind(store=_Standstill)),
    "a renewal is written over whatever is there": ("I3", Kind(store=_Overwriting)),
    "a token is served in trouble, dead or alive": (
        "I4",
        Kind(fit=_of_class("refresh", _Trusting)),
    ),
    "a verdict is written without a second look": (
        "I5",
        Kind(store=_Unlooked, modes=_ROTATING, foci=lambda _: (_HELD_UP, _HELD_UP)),
    ),
    "what passes ends a connection": ("I6", Kind(fit=_of_class("judge", _Hasty))),
    "a bad answer's refresh token is dropped": (
        "I7",
        Kind(
            fit=_of_class("renewal", _Careless),
            modes=_ROTATING,
            foci=lambda _: (("no_access_token", "refresh"),),
        ),
    ),
    "a disconnect does nothing": ("I8", Kind(store=_Forgetful)),
    "a renewal is two transactions": ("I9", Kind(fit=_halves)),
    "a token is handed out though it is not saved": (
        "I10",
        Kind(fit=_of_class("renewal", _Eager)),
    ),
    "a failing connection is never tried again": ("I11", Kind(store=_DeadEnd)),
    "a grant that was not saved is dropped": (
        "LOST",
        Kind(fit=_of_class("renewal", _ShortOfBreath), modes=_ROTATING),
    ),
}
"""By what is done: the invariant that breaks, and the campaign to catch it in. I12 has a schedule
of its own, in ``test_outage.py``."""
