"""Protocol of what a store knows of keys: facts by name, and the rows that bear a key's label."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.model.events import Event
from portalkey.vault.outbox_store import OwedRevocation


@dataclass(frozen=True, slots=True)
class SealCount:
    """Numbers of rows that bear a key's label.

    ``live`` are those of the ``connections`` that can hand out a token. ``attempts`` are under way,
    each with a verifier, a parked code or a grant that waits for a yes; a store does not know which
    app's they are.
    """

    connections: int = 0
    live: int = 0
    attempts: int = 0
    outbox: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.connections + self.attempts + self.outbox


def seal_prefix(key_name: str) -> str:
    """Return what every value begins with that the key *key_name* has sealed."""
    return f"v1.{key_name}."


class KeyStore(Protocol):
    """The part of a store that keys are checked, rotated and given up by.

    Rows that bear a label come by id, at most so many and from *after* on. The ``reseal`` methods
    take pairs of a row as it was read and as it is to be. They write each whose seals are still
    those that were read, all in one transaction, and return how many that were.
    """

    def meta(self, name: str) -> str | None:
        """The value of what the store keeps under *name*, if there is one."""

    def add_meta(self, name: str, value: str) -> str:
        """Keep *value* under *name* unless there is one; returns what is there now."""

    def put_meta(self, name: str, value: str) -> None:
        """Keep *value* under *name*, in the place of what is there."""

    def remove_meta(self, name: str) -> None:
        """Forget what is kept under *name*."""

    def swap_meta(
        self, name: str, before: str | None, after: str, *, events: Sequence[Event] = ()
    ) -> bool:
        """Keep *after* under *name* in the place of *before*, and record *events* with it.

        False, and nothing is written, where there is anything else; None stands for nothing.
        """

    def all_meta(self, prefix: str) -> Mapping[str, str]:
        """All that is kept under names that begin with *prefix*, by name."""

    def purge_meta(self, prefix: str, before: str, at_most: int) -> int:
        """Forget names that begin with *prefix* and come before *prefix* with *before* behind it.

        The first of them, *at_most* so many; returns how many that were. What is compared behind
        the prefix has to be digits, the same number of them, which every store has in one order.
        """

    def key_names(self, client_id: str) -> Collection[str]:
        """The labels of keys that the app's connections and owed revocations bear."""

    def count_sealed(self, client_id: str, key_name: str) -> SealCount:
        """The numbers of rows that bear this label."""

    def sealed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[Connection]:
        """Connections of the app that bear this label, of whatever status."""

    def attempts_under(self, key_name: str, at_most: int, *, after: str = "") -> Sequence[Attempt]:
        """Attempts under way that bear this label, of whichever app."""

    def owed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[OwedRevocation]:
        """Revocations of the app that bear this label, due or not."""

    def reseal_connections(self, pairs: Sequence[tuple[Connection, Connection]]) -> int:
        """Write the sealed grants, and set ``updated_at``; a row that is leased stays as it is."""

    def reseal_attempts(self, pairs: Sequence[tuple[Attempt, Attempt]]) -> int:
        """Write what attempts keep in secret."""

    def reseal_owed(self, pairs: Sequence[tuple[OwedRevocation, OwedRevocation]]) -> int:
        """Write the sealed tokens."""
