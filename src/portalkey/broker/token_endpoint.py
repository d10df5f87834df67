"""Pace and health of HubSpot's token endpoint, as this process takes part in them."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from portalkey._support.clock import Clock
from portalkey.broker.admission import Admission, Permit, polling
from portalkey.broker.audit import Audit
from portalkey.broker.breaker import Breaker, is_of_all, is_of_process
from portalkey.broker.waiting import Uniform
from portalkey.errors import PortalkeyError
from portalkey.model.throttle import Limits
from portalkey.settings.settings import Settings

if TYPE_CHECKING:
    from portalkey.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Permits for requests to the token endpoint, and the breaker that their outcomes are for."""

    admission: Admission
    breaker: Breaker

    @classmethod
    def of(
        cls,
        settings: Settings,
        vault: "Vault",
        audit: Audit,
        *,
        clock: Clock,
        uniform: Uniform,
        sleep: Callable[[float], None] | None = None,
    ) -> Self:
        """Put both together, under the limits that *settings* name; tests bring *sleep*."""
        limits = Limits(settings.refresh_rate, settings.refresh_burst)
        pause = polling(sleep) if sleep is not None else threading.Event.wait
        admission = Admission(vault, limits, clock=clock, uniform=uniform, pause=pause)
        return cls(admission, Breaker(vault, audit, on_change=admission.void))

    def record_failure(self, owner: str, permit: Permit, trouble: PortalkeyError) -> None:
        """Record what *trouble* says of the token endpoint, of a request with this *permit*."""
        if trouble.is_local:
            # Nothing was sent: it tells of this machine alone.
            self.admission.give_back(permit)
        elif is_of_process(trouble):
            self.admission.release_probe(permit)
        elif not is_of_all(trouble):
            self.record_answer(permit)
        else:
            with suppress(PortalkeyError):
                self.breaker.record_failure(owner, owner, trouble)

    def record_answer(self, permit: Permit) -> None:
        """Record that the token endpoint answered, where that is news."""
        if permit.is_news or self.breaker.is_troubled:
            self.breaker.record_answer()
