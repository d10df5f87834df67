"""The import itself: from rows to connections.

Several threads ask HubSpot; one writes the results, in the order of the source. Connections that
exist already stay as they are, so a run that was cut off can be run again.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from portalkey.broker.adopt import Known
from portalkey.cli.importing.outcomes import WHY, Outcome, Result
from portalkey.cli.importing.rows import Row
from portalkey.cli.importing.token_inspector import TokenInspector, Useless, reject
from portalkey.model.connection import ConnectionStatus, is_owner

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

AT_ONCE = 8
"""Threads that ask HubSpot."""
BATCH = 64
"""Rows to ask about before any of them is written."""


class MoveIn:
    """One import of rows."""

    def __init__(
        self,
        broker: "Broker",
        inspector: TokenInspector,
        *,
        imported_from: str,
        prefix: str = "",
        is_dry: bool = False,
    ) -> None:
        """Put the parts together.

        Args:
            broker: Adopts the grants.
            inspector: Asks HubSpot about each.
            imported_from: The source's name in the audit.
            prefix: Text to put before each owner.
            is_dry: Ask HubSpot, and write nothing.
        """
        self._broker = broker
        self._inspector = inspector
        self._imported_from = imported_from
        self._prefix = prefix
        self._is_dry = is_dry

    def run(self, rows: Sequence[Row], report: Callable[[Result], object]) -> None:
        """Import *rows*, in their order, and call *report* with the result of each.

        Raises:
            TryLater: HubSpot or the store is away; run it again, as nothing is lost or done twice.
            OperatorMustAct: HubSpot refuses the app, or the operator has to look at the store.
        """
        done: set[tuple[str, int]] = set()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="portalkey-import") as pool:
            for batch in _batches(rows):
                for row, answer in zip(batch, pool.map(self._ask, batch), strict=True):
                    report(self._write(row, answer, done))

    def _ask(self, row: Row) -> Known | Useless:
        if row.flaw:
            return Useless(Outcome.UNREADABLE, row.flaw, row.hub_id)
        if not is_owner(row.owner):
            return reject(Outcome.NO_OWNER)
        if row.refresh_token is None:
            return reject(Outcome.EMPTY)
        answer = self._inspector.look_up(row.refresh_token)
        if isinstance(answer, Known) and row.hub_id not in {None, answer.account.hub_id}:
            why = f"{WHY[Outcome.OTHER_ACCOUNT][:-1]}: {answer.account.hub_id}."
            return Useless(Outcome.OTHER_ACCOUNT, why, row.hub_id)
        return answer

    def _write(self, row: Row, answer: Known | Useless, done: set[tuple[str, int]]) -> Result:
        owner = self._prefix + row.owner if row.owner else ""
        if isinstance(answer, Useless):
            return Result(row.name, owner, answer.hub_id, answer.outcome, answer.why)
        hub_id = answer.account.hub_id
        outcome = Outcome.TWICE if (owner, hub_id) in done else self._adopt(owner, row, answer)
        done.add((owner, hub_id))
        return Result(row.name, owner, hub_id, outcome, WHY[outcome])

    def _adopt(self, owner: str, row: Row, answer: Known) -> Outcome:
        hub_id = answer.account.hub_id
        current = self._broker.connection_to(owner, hub_id)
        if current is not None:
            return _AS_IT_IS.get(current.status, Outcome.ALREADY_CONNECTED)
        if self._is_dry:
            return Outcome.IMPORTABLE
        assert row.refresh_token is not None  # noqa: S101 - HubSpot was asked about it
        is_new = self._broker.adopt_known(
            owner,
            row.refresh_token,
            answer,
            imported_from=self._imported_from,
        )
        # The owner may have connected the account meanwhile.
        return Outcome.IMPORTED if is_new else Outcome.ALREADY_CONNECTED


_AS_IT_IS = {
    ConnectionStatus.DISCONNECTED: Outcome.DISCONNECTED,
    ConnectionStatus.NEEDS_RECONNECT: Outcome.NEEDS_RECONNECT,
}


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
