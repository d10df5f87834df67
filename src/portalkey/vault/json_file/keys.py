"""Facts by name and rows by key in a config file: one part of ``ConfigFileStore``."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.model.events import Event
from portalkey.vault.store import OwedRevocation, SealCount

if TYPE_CHECKING:
    from portalkey.vault.memory import MemoryStore

T = TypeVar("T")


class ConfigFileKeys:
    """The part of ``ConfigFileStore`` that ``KeyStore`` promises."""

    @abstractmethod
    def _look(self, work: "Callable[[MemoryStore], T]") -> T:
        """Do *work* that as a rule changes nothing."""

    @abstractmethod
    def _write(self, work: "Callable[[MemoryStore], T]") -> T:
        """Do *work* while nobody else writes."""

    def meta(self, name: str) -> str | None:
        """Return what is kept under *name*."""
        return self._look(lambda store: store.meta(name))

    def add_meta(self, name: str, value: str) -> str:
        """Keep *value* under *name* unless there is one; return what is there now."""
        return self._write(lambda store: store.add_meta(name, value))

    def put_meta(self, name: str, value: str) -> None:
        """Keep *value* under *name*."""
        self._write(lambda store: store.put_meta(name, value))

    def remove_meta(self, name: str) -> None:
        """Forget what is kept under *name*."""
        self._write(lambda store: store.remove_meta(name))

    def swap_meta(
        self, name: str, before: str | None, after: str, *, events: Sequence[Event] = ()
    ) -> bool:
        """Keep *after* in the place of *before*, and record *events* with it, or do nothing."""
        return self._write(lambda store: store.swap_meta(name, before, after, events=events))

    def all_meta(self, prefix: str) -> Mapping[str, str]:
        """Return what is kept under names that begin with *prefix*."""
        return self._look(lambda store: store.all_meta(prefix))

    def purge_meta(self, prefix: str, before: str, at_most: int) -> int:
        """Forget the first names that begin with *prefix*, up to *before*."""
        return self._write(lambda store: store.purge_meta(prefix, before, at_most))

    def key_names(self, client_id: str) -> Collection[str]:
        """Return the labels that the app's rows bear."""
        return self._look(lambda store: store.key_names(client_id))

    def count_sealed(self, client_id: str, key_name: str) -> SealCount:
        """Return how many rows bear this label."""
        return self._look(lambda store: store.count_sealed(client_id, key_name))

    def sealed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[Connection]:
        """Return connections with this label, by id."""
        return self._look(
            lambda store: store.sealed_under(client_id, key_name, at_most, after=after)
        )

    def attempts_under(self, key_name: str, at_most: int, *, after: str = "") -> Sequence[Attempt]:
        """Return attempts under way with this label, by id."""
        return self._look(lambda store: store.attempts_under(key_name, at_most, after=after))

    def owed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[OwedRevocation]:
        """Return revocations with this label, by id."""
        return self._look(lambda store: store.owed_under(client_id, key_name, at_most, after=after))

    def reseal_connections(self, pairs: Sequence[tuple[Connection, Connection]]) -> int:
        """Write the sealed grants that nobody changed or leases."""
        return self._write(lambda store: store.reseal_connections(pairs))

    def reseal_attempts(self, pairs: Sequence[tuple[Attempt, Attempt]]) -> int:
        """Write the secrets of attempts that nobody changed."""
        return self._write(lambda store: store.reseal_attempts(pairs))

    def reseal_owed(self, pairs: Sequence[tuple[OwedRevocation, OwedRevocation]]) -> int:
        """Write the sealed tokens that nobody changed."""
        return self._write(lambda store: store.reseal_owed(pairs))
