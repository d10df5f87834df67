"""Protocol of what a store knows of keys: facts by name, and the rows that bear a key's label."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from portalkey.model.connection import Connection


@dataclass(frozen=True, slots=True)
class OwedRevocation:
    """A refresh token that HubSpot still has to be told to forget.

    ``sealed_token`` is bound to ``id``. ``tries`` counts the requests that failed so far.
    """

    id: str
    client_id: str
    connection_id: str | None
    sealed_token: str = field(repr=False)
    fingerprint: str = field(repr=False)
    key_name: str
    tries: int
    due_at: datetime


class KeyStore(Protocol):
    """The part of a store that keys are checked and given up by."""

    def meta(self, name: str) -> str | None:
        """The value of what the store keeps under *name*, if there is one."""

    def add_meta(self, name: str, value: str) -> str:
        """Keep *value* under *name* unless there is one; returns what is there now."""

    def remove_meta(self, name: str) -> None:
        """Forget what is kept under *name*."""

    def key_names(self, client_id: str) -> Collection[str]:
        """The labels of keys that the app's connections and owed revocations bear."""

    def count_sealed(self, client_id: str, key_name: str) -> int:
        """The number of the app's authenticated connections that bear this label."""

    def sealed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[Connection]:
        """Authenticated connections of the app that bear this label, by id, from *after* on."""

    def owed_under(self, client_id: str, key_name: str) -> Sequence[OwedRevocation]:
        """Revocations of the app that bear this label, due or not, by id."""
