"""The dry run: what can be said of rows without HubSpot and without the store."""

from collections.abc import Callable, Sequence

from portalkey.cli.importing.outcomes import WHY, Outcome, Result
from portalkey.cli.importing.rows import Row
from portalkey.model.connection import is_owner


def rehearse(rows: Sequence[Row], report: Callable[[Result], object], *, prefix: str = "") -> None:
    """Call *report* with what each of *rows* is by itself; *prefix* stands before each owner."""
    done: set[object] = set()
    for row in rows:
        outcome = _judge(row, done)
        owner = prefix + row.owner if row.owner else ""
        why = row.flaw if outcome is Outcome.UNREADABLE else WHY[outcome]
        report(Result(row.name, owner, row.hub_id, outcome, why))


def _judge(row: Row, done: set[object]) -> Outcome:
    """Return what *row* is, and note it in *done*."""
    if row.flaw:
        return Outcome.UNREADABLE
    if not is_owner(row.owner):
        return Outcome.NO_OWNER
    if row.refresh_token is None:
        return Outcome.EMPTY
    keys: set[object] = {(row.owner, row.refresh_token.get_secret_value())}
    keys |= {(row.owner, row.hub_id)} if row.hub_id else set()
    is_twice = bool(keys & done)
    done |= keys
    return Outcome.TWICE if is_twice else Outcome.READABLE
