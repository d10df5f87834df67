"""Pace and health of HubSpot's token endpoint, as this process takes part in them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from portalkey._support.clock import Clock
from portalkey.broker.admission import Admission, polling
from portalkey.broker.audit import Audit
from portalkey.broker.breaker import Breaker
from portalkey.broker.waiting import Uniform
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
