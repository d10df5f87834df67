"""Requests that HubSpot sends to the app: which came before, and how many were none of HubSpot's.

What came before is remembered in the store, so that all processes know of it.
"""

import secrets
from abc import abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING

from portalkey._support.clock import Clock
from portalkey.model.events import Event, EventName
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.audit import Audit

_MINUTE = 60
BITE = 1000
"""So many are forgotten at once: by a range of an index, so that nobody who writes waits long."""
MOST_BITES = 20
"""So many bites are taken in a row; what is left is for the next minute."""


class RequestMemory:
    """Remembers signatures until they are too old to come again, and a minute longer.

    A process whose clock is behind lets a request in for as long as that. Only what HubSpot has
    signed gets here, so nobody else fills the store: it holds the requests of ten minutes, and what
    is too old until some process has time.
    """

    def __init__(self, vault: Vault, clock: Clock) -> None:
        """Remember in the store of *vault*; *clock* counts the seconds from purge to purge."""
        self._vault, self._clock = vault, clock
        self._purge_at = float("-inf")

    def add(self, signature: str, until: datetime) -> bool:
        """Remember *signature*, which is too old after *until*; True for the first to do so.

        Raises:
            StoreBusy, StoreUnusable: It is not known whether it came before.
        """
        ours = secrets.token_hex(8)
        minute = int(until.timestamp() // _MINUTE) + 1
        return self._vault.store.add_meta(f"{self._prefix}{minute} {signature}", ours) == ours

    def purge(self) -> None:
        """Forget those that have been too old for a minute, in bites; once a minute at most.

        Raises:
            StoreBusy, StoreUnusable: Some of them are left for the next time.
        """
        if self._clock() < self._purge_at:
            return
        self._purge_at = self._clock() + _MINUTE
        store = self._vault.store
        # Of this minute and the one before, some may still come.
        minute = str(int(store.now().timestamp() // _MINUTE))
        for _ in range(MOST_BITES):
            if store.purge_meta(self._prefix, minute, BITE) < BITE:
                return

    @property
    def _prefix(self) -> str:
        return f"hubspot_request {self._vault.client_id} "


class RequestMethods:
    """The Broker's methods about requests that HubSpot sends, or seems to."""

    audit: "Audit"
    _requests: RequestMemory

    @abstractmethod
    def _work_on_the_side(self) -> None:
        """Begin what is due in the background, once a minute."""

    def remember_request(self, signature: str, until: datetime) -> bool:
        """Remember a *signature* of HubSpot's, which is too old after *until*.

        True for the first to do so, in whichever process.

        Raises:
            StoreBusy, StoreUnusable: It is not known whether it came before.
        """
        is_first = self._requests.add(signature, until)
        self._work_on_the_side()
        return is_first

    def count_refused_request(self, check: str) -> None:
        """Count and announce a request that is not HubSpot's, by its failed *check*; never raises.

        Strangers cause as many as they like, so it is no row of the audit.
        """
        self.audit.count(Event(EventName.SIGNATURE_REFUSED, facts={"check": check}))
