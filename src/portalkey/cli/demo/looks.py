"""A visitor of the demo as its page shows them: accounts, tokens, events, and steps taken."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from portalkey.cli.demo.counts import Counts
from portalkey.cli.demo.settings import OPTIONAL_SCOPES
from portalkey.errors import PortalkeyError, ScopesMissing
from portalkey.model.connection import Connection
from portalkey.model.events import Event, EventName
from portalkey.web.console.words import EVENTS, STATUSES, Mark

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

MOST_EVENTS = 8
_LOOK_BACK = 100
_MADE = frozenset({EventName.CONNECTED, EventName.RECONNECTED})


@dataclass(frozen=True, slots=True)
class Look:
    """One account at one moment.

    ``number`` counts its access tokens since the demo began, ``seconds`` those that the last one
    lives on, and ``lifetime`` all that it had. ``trouble`` is what the app's code got in place of a
    token, and ``deals`` what it got where it may do all but read deals.
    """

    connection: Connection
    mark: Mark
    number: int
    seconds: int
    lifetime: int
    trouble: PortalkeyError | None
    deals: ScopesMissing | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, the account that it is of, and when it was by this machine's clock."""

    mark: Mark
    account: str
    at: datetime


class Looks:
    """Asks the Broker, as the code of any app would."""

    def __init__(self, broker: "Broker", counts: Counts) -> None:
        self._broker, self._counts = broker, counts
        self._since = broker.now()

    def accounts(self, owner: str) -> Sequence[Look]:
        """Return *owner*'s accounts; each has been asked for a token by then."""
        return [self._look(each) for each in self._broker.connections(owner)]

    def _look(self, before: Connection) -> Look:
        trouble = self._ask(before)
        deals = trouble if isinstance(trouble, ScopesMissing) else None
        now = self._broker.connection_of_owner(before.owner, before.id) or before
        lifetime = now.access_expires_at - (now.granted_at or now.connected_at)
        return Look(
            now,
            STATUSES[now.status],
            self._counts.count_renewals([now.id]) + 1,
            max(0, round(now.seconds_left)),
            round(lifetime.total_seconds()),
            None if deals else trouble,
            deals,
        )

    def _ask(self, connection: Connection) -> PortalkeyError | None:
        """Ask for a token that reads deals, and return what came in its place."""
        self._counts.ask()
        try:
            self._broker.access_token(connection.owner, connection.hub_id, [OPTIONAL_SCOPES])
        except PortalkeyError as trouble:
            return trouble
        return None

    def timeline(self, owner: str, looks: Sequence[Look]) -> Sequence[Entry]:
        """Return the last events of *owner*, newest first."""
        names = {each.connection.id: each.connection.account.name for each in looks}
        return [
            Entry(EVENTS[each.name], names.get(each.connection_id or "", ""), each.at.astimezone())
            for each in self._events(owner)[:MOST_EVENTS]
            if each.at is not None
        ]

    def _events(self, owner: str) -> Sequence[Event]:
        events = self._broker.find_events(owner=owner, newest_first=True, limit=_LOOK_BACK).events
        return [each for each in events if each.at and each.at >= self._since]

    def find_steps(self, owner: str) -> Iterator[str]:
        """Yield the steps that *owner* has taken since the demo began, as the audit has them."""
        events = self._events(owner)
        names = {each.name for each in events}
        made = {each.connection_id for each in events if each.name in _MADE}
        ended = {each.connection_id for each in events if each.name is EventName.NEEDS_RECONNECT}
        if made:
            yield "connect"
        if self._counts.count_renewals(made):
            yield "renew"
        if any(each.missing_scopes([OPTIONAL_SCOPES]) for each in self._broker.connections(owner)):
            yield "lack"
        if made & ended:  # what an earlier simulator forgot was uninstalled by nobody
            yield "uninstall"
        if EventName.INVITED in names:
            yield "invite"
