"""Mark of a copy: since when the store is one, by which its own grants are told from the others.

A grant is the copy's own where HubSpot gave it after the store was first opened as a copy. The mark
is that moment, and no earlier than the newest grant that came along, whatever the clocks of the two
machines say. Without a mark no grant is its own.
"""

from collections.abc import Iterator
from datetime import datetime

from portalkey.model.connection import Connection
from portalkey.vault.store import Store

PREFIX = "copy_since "
"""The mark's name in the store begins so, and ends with the app's client id."""

_PAGE = 500


def put_mark(store: Store, client_id: str) -> None:
    """Mark *store* as a copy from now on, unless it is marked already.

    Raises:
        StoreBusy, StoreUnusable: It could not be marked.
    """
    if store.meta(PREFIX + client_id) is None:
        since = max((store.now(), *_find_grants(store, client_id)))
        store.add_meta(PREFIX + client_id, since.isoformat())


def remove_mark(store: Store, client_id: str) -> None:
    """Forget that *store* was a copy: what it is given from now on is no copy's.

    Raises:
        StoreBusy, StoreUnusable: The store could not be asked.
    """
    if store.meta(PREFIX + client_id) is not None:
        store.remove_meta(PREFIX + client_id)


def is_own(store: Store, connection: Connection) -> bool:
    """Return True where the grant of *connection* was given to the copy *store* itself."""
    since = store.meta(PREFIX + connection.client_id)
    granted_at = connection.granted_at
    return (
        since is not None and granted_at is not None and granted_at > datetime.fromisoformat(since)
    )


def _find_grants(store: Store, client_id: str) -> Iterator[datetime]:
    """Yield the time of each grant that could be renewed, as far as it is known."""
    for name in store.key_names(client_id):
        last = ""
        while page := store.sealed_under(client_id, name, _PAGE, after=last):
            last = page[-1].id
            yield from (row.granted_at for row in page if row.granted_at is not None)
