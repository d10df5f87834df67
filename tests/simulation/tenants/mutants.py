"""Portalkey with one guard between tenants or machines taken away: each is caught at its word."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from typing import Any

from portalkey.broker.admission import Admission, Permit
from portalkey.broker.breaker import Breaker
from portalkey.broker.refresh import Refresh
from portalkey.broker.refresh_outcome import OutcomeRecorder
from portalkey.broker.waiting import always
from portalkey.errors import HubSpotRefused, HubSpotUnavailable, PortalkeyError, TryLater
from portalkey.model.connection import Connection
from portalkey.model.leases import Lease
from portalkey.model.throttle import Portion, PortionRequest, Purpose, Throttle, Throttled
from portalkey.vault import MemoryStore
from portalkey.vault.store import Tell
from simulation.tenants.process import TenantProcess
from simulation.tenants.schedule import Kind

_WITNESSES = 3
_TOO_LONG = 175.0
_HEAPS = 10_000
_OPPOSITE = dict(zip(Purpose, reversed(Purpose), strict=True))


class _Credulous(Breaker):
    def record_failure(self, name: str, owner: str, trouble: PortalkeyError) -> None:
        """As if three of as many owners had said it."""
        for number in range(_WITNESSES):
            also = f"/{number}" if number else ""
            super().record_failure(f"{name}{also}", f"{owner}{also}", trouble)


class _Ownerless(Breaker):
    def record_failure(self, name: str, owner: str, trouble: PortalkeyError) -> None:
        """As if each connection were of an owner of its own."""
        super().record_failure(name, name, trouble)


class _Deaf(Breaker):
    def record_failure(self, name: str, owner: str, trouble: PortalkeyError) -> None:
        """Keep it to oneself."""


class _Restless(OutcomeRecorder):
    def _wait(self, connection: Connection, trouble: PortalkeyError) -> float:
        """Not at all."""
        return 0.0


class _Stubborn(OutcomeRecorder):
    def _wait(self, connection: Connection, trouble: PortalkeyError) -> float:
        """For an hour, if that is said."""
        said = trouble.said if isinstance(trouble, TryLater) else 0.0
        return max(said, super()._wait(connection, trouble))


class _HardOfHearing(OutcomeRecorder):
    def _wait(self, connection: Connection, trouble: PortalkeyError) -> float:
        """By chance alone, whatever is said."""
        with suppress(AttributeError):
            trouble.said = 0.0  # type: ignore[attr-defined]
        return super()._wait(connection, trouble)


class _Talkative(OutcomeRecorder):
    def record_failure(self, lease: Lease, connection: Connection, trouble: PortalkeyError) -> None:
        """As if HubSpot had said what only this machine meets."""
        if isinstance(trouble, HubSpotUnavailable):
            trouble.is_local = False
        super().record_failure(lease, connection, trouble)


class _Accusing(OutcomeRecorder):
    def record_failure(self, lease: Lease, connection: Connection, trouble: PortalkeyError) -> None:
        """As if what HubSpot says of this process's settings were the connection's fault."""
        if isinstance(trouble, HubSpotRefused):
            trouble.of_app = trouble.is_local = False
        super().record_failure(lease, connection, trouble)


class _Patient(MemoryStore):
    def update_throttle(
        self,
        client_id: str,
        change: Callable[[Throttle, datetime], Throttle],
        tell: Tell | None = None,
    ) -> tuple[Throttle, Throttle] | None:
        """Leave HubSpot alone for nearly three minutes."""

        def extend(throttle: Throttle, now: datetime) -> Throttle:
            after = change(throttle, now)
            if after.open_until is None:
                return after
            return replace(after, open_until=now + timedelta(seconds=_TOO_LONG))

        return super().update_throttle(client_id, extend, tell)


class _Generous(MemoryStore):
    def take_portion(self, client_id: str, request: PortionRequest) -> Portion | Throttled:
        """More than anybody waits for."""
        return super().take_portion(client_id, replace(request, most=_HEAPS))


class _OneQueue(Admission):
    def acquire(
        self, purpose: Purpose, owner: str, name: str, until: float = inf
    ) -> Permit | Throttled:
        """In the order of coming, whoever it is for."""
        return super().acquire(purpose, "everybody", name, until)


class _TopsyTurvy(Admission):
    def acquire(
        self, purpose: Purpose, owner: str, name: str, until: float = inf
    ) -> Permit | Throttled:
        """The least urgent first."""
        return super().acquire(_OPPOSITE[purpose], owner, name, until)


class _Hoarding(Admission):
    def _pop_permit(self, now: float) -> Permit | None:
        """However old it is."""
        return self._at_hand.pop() if self._at_hand else None


class _Boundless(Refresh):
    def ensure_fresh(self, connection: Connection, until: float = inf) -> Connection:
        """For as long as it takes."""
        return super().ensure_fresh(connection)


def _of_class(part: str, kind: type) -> Callable[[TenantProcess], None]:
    def fit(process: TenantProcess) -> None:
        whole: Any = process.refresh
        parts = {
            "refresh": whole,
            "outcomes": whole._outcomes,
            "breaker": whole._outcomes.breaker,
            "admission": whole.admission,
        }
        parts[part].__class__ = kind

    return fit


def _unchecked(process: TenantProcess) -> None:
    renewal: Any = process.refresh._renewal
    renewal._check = always


def _kind(part: str, kind: type, *table: tuple[str, str]) -> Kind:
    return Kind(fit=_of_class(part, kind), table=table)


_USUAL, _HIGH = ("crowd", ""), ("crowd", "at a high rate")
_MACHINES: Sequence[tuple[str, str]] = (("machine", "refused"), ("machine", "no name"))

MUTANTS: dict[str, tuple[str, Kind]] = {
    "one connection opens the breaker": (
        "ERROR",
        _kind("breaker", _Credulous, ("tenant", "403"), ("tenant", "429 for a minute")),
    ),
    "three connections of one owner open the breaker": (
        "ERROR",
        _kind("breaker", _Ownerless, ("many", "403"), ("many", "429 for a minute")),
    ),
    "the breaker never opens": ("AWAY", _kind("breaker", _Deaf, ("all", "503"), ("all", "500"))),
    "a failing row is tried at once": (
        "TRIES",
        _kind("outcomes", _Restless, ("tenant", "403"), ("tenant", "500")),
    ),
    "a row waits for an hour": (
        "SAID",
        _kind("outcomes", _Stubborn, ("tenant", "429 for an hour")),
    ),
    "a row does not wait for as long as it is told": (
        "SAID",
        _kind("outcomes", _HardOfHearing, ("tenant", "429 for a minute")),
    ),
    "the breaker waits for longer than two minutes": (
        "PROBE",
        Kind(store=_Patient, table=(("all", "429 for an hour"), ("all", "503"))),
    ),
    "owners do not take turns": ("TURNS", _kind("admission", _OneQueue, _USUAL)),
    "the least urgent come first": (
        "URGENCY",
        _kind("admission", _TopsyTurvy, ("ahead", "")),
    ),
    "permits lie about, and are never void": (
        "RATE",
        Kind(fit=_of_class("admission", _Hoarding), store=_Generous, table=(_HIGH,)),
    ),
    "what one machine meets is told to all": (
        "ERROR",
        Kind(fit=_of_class("outcomes", _Talkative), table=tuple(_MACHINES)),
    ),
    "one machine's wrong secret holds back the rows": (
        "ERROR",
        _kind("outcomes", _Accusing, ("machine", "wrong secret"), ("machine", "blocked")),
    ),
    "a lease is taken though HubSpot refuses the app": (
        "MACHINE",
        Kind(fit=_unchecked, table=(("machine", "wrong secret"), ("machine", "blocked"))),
    ),
    "a lease is taken though nothing can be reached": (
        "MACHINE",
        Kind(fit=_unchecked, table=tuple(_MACHINES)),
    ),
    "a caller waits for as long as it takes": (
        "DEADLINE",
        _kind("refresh", _Boundless, ("all", "hang"), ("machine", "no name, slowly")),
    ),
}
"""By what is done: the word of the invariant that breaks, and the campaign to catch it in."""
