"""Keys and counters, in the store beside the sessions: a session is its visitor's alone.

What a key has sealed in sessions can be neither counted nor sealed anew by anybody but its visitor:
a grant goes over to the first key with its next renewal, or ends with its session.
"""

from collections.abc import Collection, Mapping, Sequence

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.model.counters import Counter, Tally
from portalkey.model.events import Event
from portalkey.vault.store import OwedRevocation, SealCount, Store


class SessionKeys:
    """The part of ``SessionStore`` that is all in the other store."""

    _store: Store

    def meta(self, name: str) -> str | None:
        """Return what is kept under *name*."""
        return self._store.meta(name)

    def add_meta(self, name: str, value: str) -> str:
        """Keep *value* under *name* unless there is one."""
        return self._store.add_meta(name, value)

    def put_meta(self, name: str, value: str) -> None:
        """Keep *value* under *name*."""
        self._store.put_meta(name, value)

    def remove_meta(self, name: str) -> None:
        """Forget what is kept under *name*."""
        self._store.remove_meta(name)

    def swap_meta(
        self, name: str, before: str | None, after: str, *, events: Sequence[Event] = ()
    ) -> bool:
        """Keep *after* in the place of *before*, and record *events* with it, or do nothing."""
        return self._store.swap_meta(name, before, after, events=events)

    def all_meta(self, prefix: str) -> Mapping[str, str]:
        """All that is kept under names that begin with *prefix*."""
        return self._store.all_meta(prefix)

    def purge_meta(self, prefix: str, before: str, at_most: int) -> int:
        """Forget the first names that begin with *prefix*, up to *before*."""
        return self._store.purge_meta(prefix, before, at_most)

    def key_names(self, client_id: str) -> Collection[str]:
        """The labels that the app's rows bear, other than those in sessions."""
        return self._store.key_names(client_id)

    def count_sealed(self, client_id: str, key_name: str) -> SealCount:
        """The numbers of rows with this label, other than those in sessions."""
        return self._store.count_sealed(client_id, key_name)

    def sealed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[Connection]:
        """Connections with this label, other than those in sessions."""
        return self._store.sealed_under(client_id, key_name, at_most, after=after)

    def attempts_under(self, key_name: str, at_most: int, *, after: str = "") -> Sequence[Attempt]:
        """Attempts under way with this label."""
        return self._store.attempts_under(key_name, at_most, after=after)

    def owed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[OwedRevocation]:
        """Revocations with this label."""
        return self._store.owed_under(client_id, key_name, at_most, after=after)

    def reseal_connections(self, pairs: Sequence[tuple[Connection, Connection]]) -> int:
        """Write sealed grants, other than those in sessions."""
        return self._store.reseal_connections(pairs)

    def reseal_attempts(self, pairs: Sequence[tuple[Attempt, Attempt]]) -> int:
        """Write sealed verifiers and codes."""
        return self._store.reseal_attempts(pairs)

    def reseal_owed(self, pairs: Sequence[tuple[OwedRevocation, OwedRevocation]]) -> int:
        """Write sealed tokens."""
        return self._store.reseal_owed(pairs)

    def count(self, client_id: str, tallies: Collection[Tally]) -> None:
        """Add *tallies* to the counters of today."""
        self._store.count(client_id, tallies)

    def counters(self, client_id: str, connection_id: str | None = None) -> Sequence[Counter]:
        """The counters of one connection, or those of none."""
        return self._store.counters(client_id, connection_id)
