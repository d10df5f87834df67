"""Facts by name and rows by key in memory: one part of ``MemoryStore``."""

from collections.abc import Collection, Sequence

from portalkey.model.connection import Connection
from portalkey.vault.memory_connections import ConnectionsInMemory
from portalkey.vault.store import OwedRevocation


class KeysInMemory(ConnectionsInMemory):
    """The part of ``MemoryStore`` that ``KeyStore`` promises."""

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

    def remove_meta(self, name: str) -> None:
        """Forget what is kept under *name*."""
        with self._writing():
            self._meta.pop(name, None)

    def key_names(self, client_id: str) -> Collection[str]:
        """Return the labels that the app's rows bear."""
        with self._lock:
            rows = [row for row in self._connections.values() if row.client_id == client_id]
            owed = [each.key_name for each in self._owed.values() if each.client_id == client_id]
        return {*owed, *(row.sealed.key_name for row in rows if row.sealed)}

    def count_sealed(self, client_id: str, key_name: str) -> int:
        """Return the number of authenticated connections with this label."""
        with self._lock:
            return len(self._find_sealed(client_id, key_name))

    def sealed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[Connection]:
        """Return authenticated connections with this label, by id."""
        with self._lock:
            rows = {row.id: self._stamp(row) for row in self._find_sealed(client_id, key_name)}
        return [row for name, row in sorted(rows.items()) if row and name > after][:at_most]

    def _find_sealed(self, client_id: str, key_name: str) -> Sequence[Connection]:
        rows = [row for row in self._connections.values() if row.client_id == client_id]
        bearing = [row for row in rows if row.sealed and row.sealed.key_name == key_name]
        return [row for row in bearing if row.is_authenticated]

    def owed_under(self, client_id: str, key_name: str) -> Sequence[OwedRevocation]:
        """Return the revocations with this label, by id."""
        with self._lock:
            rows = [
                e for e in self._owed.values() if (e.client_id, e.key_name) == (client_id, key_name)
            ]
        return sorted(rows, key=lambda each: each.id)
