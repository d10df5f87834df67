"""Facts by name and rows by key in a config file: one part of ``ConfigFileStore``."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, TypeVar

from portalkey.model.connection import Connection
from portalkey.vault.store import OwedRevocation

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

    def remove_meta(self, name: str) -> None:
        """Forget what is kept under *name*."""
        self._write(lambda store: store.remove_meta(name))

    def key_names(self, client_id: str) -> Collection[str]:
        """Return the labels that the app's rows bear."""
        return self._look(lambda store: store.key_names(client_id))

    def count_sealed(self, client_id: str, key_name: str) -> int:
        """Return the number of authenticated connections with this label."""
        return self._look(lambda store: store.count_sealed(client_id, key_name))

    def sealed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[Connection]:
        """Return authenticated connections with this label, by id."""
        return self._look(
            lambda store: store.sealed_under(client_id, key_name, at_most, after=after)
        )

    def owed_under(self, client_id: str, key_name: str) -> Sequence[OwedRevocation]:
        """Return the revocations with this label, by id."""
        return self._look(lambda store: store.owed_under(client_id, key_name))
