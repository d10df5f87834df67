"""The one way a token is renewed.

One thread of this process renews a connection while the others wait for what comes of it; saving
is a compare-and-swap on the refresh token's lineage, so that a late writer can never undo a newer
grant, a reconnect or a disconnect.
"""

from contextlib import suppress
from datetime import datetime

from portalkey.connection import Connection, ConnectionStatus
from portalkey.errors import (
    BadAnswer,
    NeedsReconnect,
    NotConnected,
    PortalkeyError,
    StoreBusy,
)
from portalkey.events import EventName
from portalkey.flight import Flights
from portalkey.grant import Grant
from portalkey.hubspot.messages import GrantType, read_grant, refresh_request
from portalkey.journal import Journal, facts_of, told_as
from portalkey.revoke import Revoker
from portalkey.settings import Settings
from portalkey.vault import Vault
from portalkey.wire import Send

MARGIN = 60.0
"""A token that lives for less than this many seconds is renewed before it is handed out."""
SAVE_TRIES = 3
"""How often a busy store is asked to keep what HubSpot gave; each try waits by itself."""


class Refresh:
    """Finds a grant that is still good, renewing it first where it is not."""

    def __init__(
        self, settings: Settings, vault: Vault, send: Send, journal: Journal, revoker: Revoker
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._send = send
        self._journal = journal
        self._revoker = revoker
        self._flights: Flights[Connection] = Flights()

    def fresh(self, connection: Connection) -> Connection:
        """The *connection* with an access token that lives for a minute at least, if any can.

        Raises:
            NeedsReconnect: HubSpot no longer honours the connection.
            NotConnected: It was disconnected meanwhile.
            OperatorMustAct, TryLater: Renewing failed, and no token is left that still lives.
        """
        if self._is_good(connection):
            return connection
        return self._flights.board(connection.id, lambda: self._look_again(connection))

    def _look_again(self, connection: Connection) -> Connection:
        # Whoever was at it before us may have done our work.
        fresh = self._again(connection)
        return fresh if self._is_good(fresh) else self._renewed(fresh)

    def _renewed(self, connection: Connection) -> Connection:
        try:
            grant, sent_at = self._ask(connection)
        except NeedsReconnect:
            return self._after_rejection(connection)
        except PortalkeyError as trouble:
            return self._despite(connection, trouble)
        kept = self._saved(connection, grant, sent_at)
        if kept is None:
            return self._after_losing(connection, grant)
        self._journal.note(EventName.REFRESHED, owner=kept.owner, connection_id=kept.id)
        return kept

    def _ask(self, connection: Connection) -> tuple[Grant, datetime]:
        refresh_token = self._vault.open_refresh(connection)
        sent_at = self._vault.store.now()
        response = self._send(refresh_request(self._settings, refresh_token))
        grant = read_grant(response, asked=GrantType.REFRESH)
        if grant.hub_id not in (None, connection.hub_id):
            raise BadAnswer("HubSpot answered with the token of another account; it was not used.")
        return grant, sent_at

    def _saved(self, connection: Connection, grant: Grant, sent_at: datetime) -> Connection | None:
        """The refresh token in *grant* may be the only one that works: try hard to keep it."""
        for _ in range(SAVE_TRIES - 1):
            with suppress(StoreBusy):
                return self._vault.renew(connection, grant, sent_at=sent_at)
        return self._vault.renew(connection, grant, sent_at=sent_at)

    def _after_rejection(self, connection: Connection) -> Connection:
        """Look again before believing that a grant is dead: the loser of a race is no judge."""
        reason = NeedsReconnect.code
        if self._vault.store.mark(connection, ConnectionStatus.NEEDS_RECONNECT, reason=reason):
            self._journal.note(
                EventName.NEEDS_RECONNECT, owner=connection.owner, connection_id=connection.id
            )
            raise self._needs_reconnect(connection)
        return self._good_or_raise(connection)

    def _after_losing(self, connection: Connection, grant: Grant) -> Connection:
        """Somebody reconnected, disconnected or renewed while we asked: theirs counts."""
        if grant.refresh_token is not None:
            self._revoker.give_back(grant.refresh_token, connection.id)
        return self._good_or_raise(connection)

    def _good_or_raise(self, connection: Connection) -> Connection:
        fresh = self._again(connection)
        if fresh.seconds_left <= 0:
            raise StoreBusy
        return fresh

    def _despite(self, connection: Connection, trouble: PortalkeyError) -> Connection:
        """Serve a token that still lives on; otherwise say what is wrong."""
        with suppress(PortalkeyError):  # a store in trouble takes no living token away
            self._vault.store.mark(
                connection,
                ConnectionStatus.FAILING,
                reason=trouble.code,
                failures=connection.failures + 1,
            )
        self._journal.note(
            told_as(trouble, EventName.REFRESH_FAILED),
            owner=connection.owner,
            connection_id=connection.id,
            facts=facts_of(trouble),
        )
        if connection.seconds_left > 0:
            return connection
        raise trouble

    def _again(self, connection: Connection) -> Connection:
        fresh = self._vault.store.connection(connection.id)
        if fresh is None or fresh.status is ConnectionStatus.DISCONNECTED:
            raise NotConnected
        if fresh.status is ConnectionStatus.NEEDS_RECONNECT:
            raise self._needs_reconnect(fresh)
        return fresh

    def _is_good(self, connection: Connection) -> bool:
        if connection.status is ConnectionStatus.NEEDS_RECONNECT:
            raise self._needs_reconnect(connection)
        return connection.seconds_left > MARGIN

    def _needs_reconnect(self, connection: Connection) -> NeedsReconnect:
        """With an absolute address: a worker has no request to build one from."""
        settings = self._settings
        page = f"{settings.public_url}{settings.mount}/connections/setup"
        return NeedsReconnect(reconnect_url=f"{page}?reconnect={connection.id}")
