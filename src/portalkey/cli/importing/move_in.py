"""From rows to connections.

HubSpot is asked by several threads at once; what comes of it is written by one, in the order of the
source. What is there already stays, so a run that was cut off is finished by the next.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from portalkey.cli.importing.asking import Asking, Known, Useless, useless
from portalkey.cli.importing.outcomes import WHY, Outcome, Result
from portalkey.cli.importing.rows import Row, is_owner
from portalkey.model.connection import ConnectionStatus

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

AT_ONCE = 8
"""So many threads ask HubSpot."""
BATCH = 64
"""So many rows are asked about before any of them is written."""


class MoveIn:
    """One import."""

    def __init__(
        self,
        broker: "Broker",
        asking: Asking,
        *,
        imported_from: str,
        prefix: str = "",
        is_dry: bool = False,
    ) -> None:
        """Put the parts together.

        Args:
            broker: Takes the grants in.
            asking: Asks HubSpot about each.
            imported_from: What the audit calls the source.
            prefix: Stands before each owner from now on.
            is_dry: HubSpot is asked, and nothing is written.
        """
        self._broker = broker
        self._asking = asking
        self._imported_from = imported_from
        self._prefix = prefix
        self._is_dry = is_dry

    def run(self, rows: Sequence[Row], told: Callable[[Result], object]) -> None:
        """Import *rows*, in their order; *told* is called with what became of each.

        Raises:
            TryLater: HubSpot or the store is away; run it again, as nothing is lost or done twice.
            OperatorMustAct: HubSpot refuses the app, or the operator has to look at the store.
        """
        seen: set[tuple[str, int]] = set()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="portalkey-import") as pool:
            for batch in _batches(rows):
                for row, found in zip(batch, pool.map(self._ask, batch), strict=True):
                    told(self._result(row, found, seen))

    def _ask(self, row: Row) -> Known | Useless:
        if row.flaw:
            return Useless(Outcome.UNREADABLE, row.flaw, row.hub_id)
        if not is_owner(row.owner):
            return useless(Outcome.NO_OWNER)
        if row.refresh_token is None:
            return useless(Outcome.EMPTY)
        found = self._asking.about(row.refresh_token)
        if isinstance(found, Known) and row.hub_id not in {None, found.account.hub_id}:
            why = f"{WHY[Outcome.OTHER_ACCOUNT][:-1]}: {found.account.hub_id}."
            return Useless(Outcome.OTHER_ACCOUNT, why, row.hub_id)
        return found

    def _result(self, row: Row, found: Known | Useless, seen: set[tuple[str, int]]) -> Result:
        owner = self._prefix + row.owner if row.owner else ""
        if isinstance(found, Useless):
            return Result(row.name, owner, found.hub_id, found.outcome, found.why)
        hub_id = found.account.hub_id
        outcome = Outcome.TWICE if (owner, hub_id) in seen else self._kept(owner, row, found)
        seen.add((owner, hub_id))
        return Result(row.name, owner, hub_id, outcome, WHY[outcome])

    def _kept(self, owner: str, row: Row, found: Known) -> Outcome:
        hub_id = found.account.hub_id
        there = self._broker.connection_to(owner, hub_id)
        if there is not None:
            return _AS_IT_IS.get(there.status, Outcome.THERE)
        if self._is_dry:
            return Outcome.IMPORTABLE
        assert row.refresh_token is not None  # noqa: S101 - HubSpot was asked about it
        is_new = self._broker.adopt(
            owner,
            row.refresh_token,
            found.account,
            found.scopes,
            imported_from=self._imported_from,
        )
        # Somebody may have connected this very moment.
        return Outcome.IMPORTED if is_new else Outcome.THERE


_AS_IT_IS = {
    ConnectionStatus.DISCONNECTED: Outcome.DISCONNECTED,
    ConnectionStatus.NEEDS_RECONNECT: Outcome.NEEDS_RECONNECT,
}


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
