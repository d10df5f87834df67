"""Counts a day of what is not worth an event of its own, or is a stranger's doing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

COUNTERS_DAYS = 90
"""Days for which counts are kept."""


class CounterKind(StrEnum):
    """Everything that is counted; the names are a contract with whoever reads the counters."""

    RENEWED = "renewed"
    CALLBACK_REFUSED = "callback_refused"
    FORGERY_REFUSED = "forgery_refused"
    SIGNATURE_REFUSED = "signature_refused"
    TOKEN_TAKEN = "token_taken"  # noqa: S105 - a name


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter: of a kind, for a connection of the app or for none, on one day.

    ``day`` counts from 1970-01-01, by the store's clock. ``label`` is the process's that took a
    token, ``PORTALKEY_LABEL``; other kinds have none. ``id`` says all but the number again.
    """

    id: str
    client_id: str
    connection_id: str | None
    kind: CounterKind
    day: int
    n: int
    label: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Tally:
    """Number ``n`` of what happened of a kind since the last tally of it."""

    kind: CounterKind
    connection_id: str | None
    n: int
    label: str | None = None


def day_of(moment: datetime) -> int:
    """Return the day of *moment* in UTC, counted from 1970-01-01."""
    return int(moment.timestamp() // 86400)


def counter_of(client_id: str, tally: Tally, day: int) -> Counter:
    """Return the counter that *tally* is added to, as if there were none yet."""
    label = () if tally.label is None else (tally.label,)
    parts = (client_id, tally.connection_id or "-", tally.kind.value, *label, str(day))
    return Counter(
        id=" ".join(parts),
        client_id=client_id,
        connection_id=tally.connection_id,
        kind=tally.kind,
        day=day,
        n=tally.n,
        label=tally.label,
    )
