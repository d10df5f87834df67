"""Health of the store as this process sees it: the trouble it met, in a word, and its listeners."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from portalkey.errors import PortalkeyError
from portalkey.vault.outbox_store import OwedRevocation

if TYPE_CHECKING:
    from portalkey.vault.store import Store

E = TypeVar("E", bound=PortalkeyError)


class StoreCause(StrEnum):
    """Causes of a store's trouble; the words are a contract with dashboards and alarms."""

    LOCKED = "locked"
    """Somebody else kept the database, or a row of it, to himself."""
    NO_ANSWER = "no_answer"
    """The server said nothing for too long."""
    AWAY = "away"
    """The server cannot be reached, or is just starting or stopping."""
    OUT_OF_CONNECTIONS = "out_of_connections"
    """All connections of this process were at work."""
    SERVER_FULL = "server_full"
    """The server, or PgBouncer, takes no more connections."""
    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"
    DISK_ERROR = "disk_error"
    DAMAGED = "damaged"
    MISSING = "missing"
    """The file or database is not there."""
    REFUSED = "refused"
    """The server lets this user not in, or not at the tables."""
    BAD_ROW = "bad_row"
    """One row does not hold what portalkey writes there."""
    OTHER = "other"


_OF_DISK = frozenset({StoreCause.DISK_FULL, StoreCause.DISK_ERROR})
PROOFS = 20
"""So many writes in a row have to work until a full disk is called well: a small one still fits
where a larger one did not."""

_PROBE = "portalkey-probe"

Listener = Callable[[PortalkeyError | None], None]


class StoreHealth:
    """The trouble that this process has with its store, and the listeners that are told of it."""

    def __init__(self) -> None:
        self.trouble: PortalkeyError | None = None
        """The trouble of the latest call that failed, until those of its kind work again."""
        self._is_of_writing = False
        self._still_needed = 1
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call *listener* with each trouble, and with None once the store works again.

        It is called in the middle of a call to the store, so it must not call the store itself.
        """
        self._listeners.append(listener)

    def note_trouble(self, trouble: PortalkeyError, *, is_writing: bool = False) -> None:
        """Note that a call failed; *is_writing* where it was to write."""
        self.trouble, self._is_of_writing = trouble, is_writing
        self._still_needed = PROOFS if trouble.cause in _OF_DISK else 1
        self.tell(trouble)

    def note_success(self, *, is_writing: bool = False) -> None:
        """Note that a call worked: what a writer met is over only once something was written."""
        if self.trouble is None or (self._is_of_writing and not is_writing):
            return
        self._still_needed -= 1
        if self._still_needed <= 0:
            self.trouble = None
            self.tell(None)

    def tell(self, trouble: PortalkeyError | None) -> None:
        """Tell the listeners of *trouble* that is not the whole store's, or that all is well."""
        for listener in self._listeners:
            listener(trouble)


def with_cause(error: E, cause: StoreCause) -> E:
    """Return *error*, which says in a word what it was: for the log, the audit and metrics."""
    error.cause = cause.value
    return error


def probe(store: "Store") -> None:
    """Write something that is nobody's and take it away again, to see whether that works.

    Raises:
        StoreBusy, StoreUnusable: It does not.
    """
    due_at = store.now() + timedelta(days=365)
    store.complete(_PROBE)  # as the last one may have been cut off
    store.enqueue(OwedRevocation(_PROBE, _PROBE, None, "", "", "", 0, due_at))
    store.complete(_PROBE)
