"""Mark of a connection: a status to write, whatever becomes of its grant."""

from dataclasses import dataclass

from portalkey.model.connection import ConnectionStatus
from portalkey.model.events import Event


@dataclass(frozen=True, slots=True)
class Mark:
    """A status to write on a connection, and what is known of it.

    ``reason`` is the code of the trouble, ``failures`` counts those in a row, and in ``wait``
    seconds renewing is tried again. ``is_unanswered`` keeps a request in mind whose answer is not
    known, ``erases`` gives the grant up.
    """

    status: ConnectionStatus
    reason: str | None = None
    failures: int = 0
    wait: float | None = None
    is_unanswered: bool = False
    erases: bool = False
    event: Event | None = None  # recorded with it
