"""Giving up what is sealed with a key that is lost for good, so that nothing waits for it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from portalkey.broker.audit import Audit, operator_facts
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName, Fact
from portalkey.vault.key_checks import KeyChecks
from portalkey.vault.store import Mark, OwedRevocation
from portalkey.vault.vault import Vault

KEY_LOST = "key_lost"
"""The reason of a connection that was given up."""
_PAGE = 200

B = TypeVar("B", Connection, OwedRevocation)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Numbers of rows that bear a key's label and do not open here."""

    connections: int
    revocations: int


class LostKey:
    """Everything that is sealed with the key *name* and does not open here."""

    def __init__(self, vault: Vault, audit: Audit, name: str, operator: str | None = None) -> None:
        self._vault = vault
        self._audit = audit
        self._name = name
        self._operator = operator_facts(operator)
        self._checks = KeyChecks(vault)

    def count(self) -> Sealed:
        """Count it, and change nothing."""
        return Sealed(sum(1 for _ in self._connections()), sum(1 for _ in self._revocations()))

    def give_up(self) -> Sealed:
        """Erase the grants of connections, which wait for their people then, and forget
        revocations; count both.

        The label is free for another key after that, unless something opens with it.

        Raises:
            StoreBusy, StoreUnusable: Some are left; do it again.
        """
        connections = sum(map(self._give_up, self._connections()))
        revocations = sum(map(self._forget, self._revocations()))
        if not self._vault.store.count_sealed(self._vault.client_id, self._name).rows:
            self._checks.forget(self._name)
        return Sealed(connections, revocations)

    def _connections(self) -> Iterator[Connection]:
        find, app = self._vault.store.sealed_under, self._vault.client_id
        return self._skip_opening(lambda after: find(app, self._name, _PAGE, after=after))

    def _revocations(self) -> Iterator[OwedRevocation]:
        find, app = self._vault.store.owed_under, self._vault.client_id
        return self._skip_opening(lambda after: find(app, self._name, _PAGE, after=after))

    def _skip_opening(self, find: Callable[[str], Sequence[B]]) -> Iterator[B]:
        """Yield what does not open, of all that *find* finds page by page."""
        after = ""
        while page := find(after):
            after = page[-1].id
            yield from (row for row in page if not self._checks.opens(row))

    def _give_up(self, connection: Connection) -> bool:
        status, event = ConnectionStatus.NEEDS_RECONNECT, None
        reason = connection.status_reason
        if connection.is_authenticated:  # of the others, people know already
            reason, facts = KEY_LOST, {"error": KEY_LOST, **self._facts}
            event = Event(EventName.NEEDS_RECONNECT, connection.owner, None, connection.id, facts)
        is_marked = self._vault.store.mark(
            connection, Mark(status, reason, erases=True, event=event)
        )
        if is_marked and event is not None:
            self._audit.announce(event)
        return is_marked

    @property
    def _facts(self) -> dict[str, Fact]:
        return {"key_name": self._name, **self._operator}

    def _forget(self, owed: OwedRevocation) -> bool:
        self._vault.store.complete(owed.id)
        is_uninstall = owed.hub_id is not None
        self._audit.record(
            EventName.UNINSTALL_GIVEN_UP if is_uninstall else EventName.REVOCATION_FORGOTTEN,
            connection_id=owed.connection_id,
            facts=self._facts
            | ({"hub_id": owed.hub_id, "error": KEY_LOST} if is_uninstall else {}),
        )
        return True
