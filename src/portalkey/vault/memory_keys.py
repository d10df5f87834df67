"""Facts by name and rows by key in memory: one part of ``MemoryStore``."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from portalkey.model import leases, transitions
from portalkey.model.attempt import SEALED, Attempt
from portalkey.model.connection import Connection
from portalkey.model.events import Event
from portalkey.vault.key_store import seal_prefix
from portalkey.vault.memory_connections import ConnectionsInMemory
from portalkey.vault.store import OwedRevocation, SealCount


class KeysInMemory(ConnectionsInMemory):
    """The part of ``MemoryStore`` that ``KeyStore`` promises."""

    _attempts: dict[str, Attempt]
    _owed: dict[str, OwedRevocation]
    _meta: dict[str, str]

    def meta(self, name: str) -> str | None:
        """Return what is kept under *name*."""
        with self._lock:
            return self._meta.get(name)

    def add_meta(self, name: str, value: str) -> str:
        """Keep *value* under *name* unless there is one; return what is there now."""
        with self._writing():
            return self._meta.setdefault(name, value)

    def put_meta(self, name: str, value: str) -> None:
        """Keep *value* under *name*."""
        with self._writing():
            self._meta[name] = value

    def remove_meta(self, name: str) -> None:
        """Forget what is kept under *name*."""
        with self._writing():
            self._meta.pop(name, None)

    def swap_meta(
        self, name: str, before: str | None, after: str, *, events: Sequence[Event] = ()
    ) -> bool:
        """Keep *after* in the place of *before*, and record *events* with it, or do nothing."""
        with self._writing():
            if self._meta.get(name) != before:
                return False
            self._meta[name] = after
            for event in events:
                self._record(event)
            return True

    def all_meta(self, prefix: str) -> Mapping[str, str]:
        """Return what is kept under names that begin with *prefix*."""
        with self._lock:
            return {name: value for name, value in self._meta.items() if name.startswith(prefix)}

    def purge_meta(self, prefix: str, before: str, at_most: int) -> int:
        """Forget the first names that begin with *prefix*, up to *before*."""
        with self._writing():
            end = prefix + before
            names = sorted(name for name in self._meta if name.startswith(prefix) and name < end)
            for name in names[:at_most]:
                del self._meta[name]
        return len(names[:at_most])

    def key_names(self, client_id: str) -> Collection[str]:
        """Return the labels that the app's rows bear."""
        with self._lock:
            rows = [row for row in self._connections.values() if row.client_id == client_id]
            owed = [each.key_name for each in self._owed.values() if each.client_id == client_id]
        return {*owed, *(row.sealed.key_name for row in rows if row.sealed)}

    def count_sealed(self, client_id: str, key_name: str) -> SealCount:
        """Return how many rows bear this label."""
        with self._lock:
            rows = self._find_sealed(client_id, key_name)
            return SealCount(
                connections=len(rows),
                live=sum(row.is_authenticated for row in rows),
                attempts=len(self._find_attempts(key_name)),
                outbox=len(self._find_owed(client_id, key_name)),
            )

    def sealed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[Connection]:
        """Return connections with this label, by id."""
        with self._lock:
            rows = {row.id: self._stamp(row) for row in self._find_sealed(client_id, key_name)}
        return [row for name, row in sorted(rows.items()) if row and name > after][:at_most]

    def _find_sealed(self, client_id: str, key_name: str) -> Sequence[Connection]:
        rows = [row for row in self._connections.values() if row.client_id == client_id]
        return [row for row in rows if row.sealed and row.sealed.key_name == key_name]

    def attempts_under(self, key_name: str, at_most: int, *, after: str = "") -> Sequence[Attempt]:
        """Return attempts under way with this label, by id."""
        with self._lock:
            found = {each.id: each for each in self._find_attempts(key_name)}
        return [found[name] for name in sorted(found) if name > after][:at_most]

    def _find_attempts(self, key_name: str) -> Sequence[Attempt]:
        now, prefix = self.now(), seal_prefix(key_name)
        rows = [replace(each, seen_at=now) for each in self._attempts.values()]
        under_way = [row for row in map(transitions.expire_overdue, rows) if row.is_open]
        return [row for row in under_way if row.bears(prefix)]

    def owed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[OwedRevocation]:
        """Return revocations with this label, by id."""
        with self._lock:
            found = {each.id: each for each in self._find_owed(client_id, key_name)}
        return [found[name] for name in sorted(found) if name > after][:at_most]

    def _find_owed(self, client_id: str, key_name: str) -> Sequence[OwedRevocation]:
        of = (client_id, key_name)
        return [each for each in self._owed.values() if (each.client_id, each.key_name) == of]

    def reseal_connections(self, pairs: Sequence[tuple[Connection, Connection]]) -> int:
        """Write the sealed grants that nobody changed or leases."""
        with self._writing():
            rows = [(self.connection(before.id), before, after) for before, after in pairs]
            found = [
                replace(row, sealed=after.sealed, updated_at=row.seen_at)
                for row, before, after in rows
                if row is not None and leases.is_resealable(row, before)
            ]
            self._connections.update({each.id: each for each in found})
            return len(found)

    def reseal_attempts(self, pairs: Sequence[tuple[Attempt, Attempt]]) -> int:
        """Write the secrets of attempts that nobody changed."""
        with self._writing():
            found = [
                replace(self._attempts[before.id], **_seals_of(after))
                for before, after in pairs
                if before.id in self._attempts
                and _seals_of(self._attempts[before.id]) == _seals_of(before)
            ]
            self._attempts.update({each.id: each for each in found})
            return len(found)

    def reseal_owed(self, pairs: Sequence[tuple[OwedRevocation, OwedRevocation]]) -> int:
        """Write the sealed tokens that nobody changed."""
        with self._writing():
            found = [
                replace(
                    self._owed[before.id],
                    sealed_token=after.sealed_token,
                    fingerprint=after.fingerprint,
                    key_name=after.key_name,
                )
                for before, after in pairs
                if before.id in self._owed
                and self._owed[before.id].sealed_token == before.sealed_token
            ]
            self._owed.update({each.id: each for each in found})
            return len(found)


def _seals_of(attempt: Attempt) -> dict[str, Any]:
    return {name: getattr(attempt, name) for name in SEALED}
