"""Giving up what is sealed with a key that is lost for good, so that nothing waits for it."""

from collections.abc import Iterator
from dataclasses import dataclass

from portalkey.broker.audit import Audit
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.vault.key_checks import KeyChecks
from portalkey.vault.store import Mark, OwedRevocation
from portalkey.vault.vault import Vault

KEY_LOST = "key_lost"
"""The reason of a connection that was given up."""
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Sealed:
    """Numbers of what bears a key's label and does not open here."""

    connections: int
    revocations: int


class LostKey:
    """Everything that is sealed with the key *name* and does not open here."""

    def __init__(self, vault: Vault, audit: Audit, name: str) -> None:
        self._vault = vault
        self._audit = audit
        self._name = name
        self._checks = KeyChecks(vault)

    def count(self) -> Sealed:
        """Count it, and change nothing."""
        return Sealed(sum(1 for _ in self._connections()), len(self._revocations()))

    def give_up(self) -> Sealed:
        """Mark the connections for reconnecting, forget the revocations, and count both.

        The label is free for another key after that, unless something opens with it.

        Raises:
            StoreBusy, StoreUnusable: Some are left; do it again.
        """
        connections = sum(map(self._give_up, self._connections()))
        revocations = self._revocations()
        for owed in revocations:
            self._vault.store.complete(owed.id)
            self._audit.record(
                EventName.REVOCATION_FORGOTTEN,
                connection_id=owed.connection_id,
                facts={"key_name": self._name},
            )
        store, app = self._vault.store, self._vault.client_id
        if not (store.count_sealed(app, self._name) or store.owed_under(app, self._name)):
            self._checks.forget(self._name)
        return Sealed(connections, len(revocations))

    def _connections(self) -> Iterator[Connection]:
        last = ""
        while page := self._vault.store.sealed_under(
            self._vault.client_id, self._name, _PAGE, after=last
        ):
            last = page[-1].id
            yield from (row for row in page if not self._checks.opens(row))

    def _revocations(self) -> list[OwedRevocation]:
        owed = self._vault.store.owed_under(self._vault.client_id, self._name)
        return [each for each in owed if not self._checks.opens(each)]

    def _give_up(self, connection: Connection) -> bool:
        event = Event(
            EventName.NEEDS_RECONNECT,
            owner=connection.owner,
            connection_id=connection.id,
            facts={"error": KEY_LOST, "key_name": self._name},
        )
        mark = Mark(ConnectionStatus.NEEDS_RECONNECT, KEY_LOST, event=event)
        is_marked = self._vault.store.mark(connection, mark)
        if is_marked:
            self._audit.announce(event)
        return is_marked
