"""The breaker of the token endpoint, as this process tells it what answers and failures say."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from portalkey.broker.audit import Audit, event_facts
from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    PortalkeyError,
    RateLimited,
    TryLater,
)
from portalkey.model import breaker
from portalkey.model.breaker import WITNESSES, Trouble
from portalkey.model.events import Event, EventName
from portalkey.model.throttle import Throttle

if TYPE_CHECKING:
    from portalkey.vault.vault import Vault


class Breaker:
    """Tells the shared throttle of answers and failures, and the audit where it opens or closes."""

    def __init__(self, vault: "Vault", audit: Audit, *, on_change: Callable[[], object]) -> None:
        """Call *on_change* where the breaker has opened or closed."""
        self._vault = vault
        self._audit = audit
        self._on_change = on_change
        self.is_troubled = False
        """True where a failure was met here, and no answer since."""

    def record_answer(self) -> None:
        """Record that the token endpoint answered; an open breaker closes. Never raises.

        Needed only where the permit says that it is news, or while ``is_troubled``.
        """
        with suppress(PortalkeyError):
            self._update(
                lambda known, _: breaker.record_answer(known), Event(EventName.BREAKER_CLOSED)
            )
            self.is_troubled = False

    def record_failure(self, name: str, owner: str, trouble: PortalkeyError) -> None:
        """Record *trouble* that is neither one account's nor this process's.

        Args:
            name: The id of the connection that met it, or the owner whose code was exchanged.
            owner: Whose connection or code it is.
            trouble: One of HubSpot, see ``is_of_all``.

        Raises:
            StoreBusy, StoreUnusable: Nothing was recorded.
        """
        self.is_troubled = True
        client_id, reason = self._vault.client_id, reason_of(trouble)
        count, of_several = self._vault.store.count_authenticated(client_id, WITNESSES)
        said = trouble.said if isinstance(trouble, TryLater) else 0.0
        seen = Trouble(name, owner, reason, said, count, of_several=of_several)
        opened = Event(EventName.BREAKER_OPENED, facts=event_facts(trouble))
        self._update(lambda known, now: breaker.record_failure(known, seen, now), opened)

    def _update(self, change: Callable[[Throttle, datetime], Throttle], event: Event) -> None:
        """Make the *change*, and record *event* with it where the breaker opens or closes."""

        def tell(before: Throttle, after: Throttle) -> Event | None:
            return event if before.is_open != after.is_open else None

        changed = self._vault.store.update_throttle(self._vault.client_id, change, tell)
        if changed is not None and tell(*changed) is not None:
            self._audit.announce(event)
            self._on_change()


def reason_of(trouble: PortalkeyError) -> str:
    """Return the code of *trouble*, with HubSpot's own word where it refused."""
    if isinstance(trouble, HubSpotRefused):
        return f"{trouble.code}:{trouble.status}"
    return trouble.code


def is_of_process(trouble: PortalkeyError) -> bool:
    """Return True where *trouble* tells of this process or its machine, and of nobody else's."""
    return trouble.is_local or (isinstance(trouble, HubSpotRefused) and trouble.of_app)


def is_of_all(trouble: PortalkeyError) -> bool:
    """Return True where every other connection of any process may meet the same."""
    if isinstance(trouble, HubSpotUnavailable):
        return not trouble.of_account
    # A token of another account is an answer that cannot be used, and no more.
    return isinstance(trouble, RateLimited) or type(trouble) is BadAnswer
