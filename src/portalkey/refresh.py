"""The one way a token is renewed.

One thread of this process renews a connection while the others wait for it; saving is a
compare-and-swap on the refresh token's lineage, so that a late writer can never undo a newer
grant, a reconnect or a disconnect.
"""

import threading
from datetime import datetime
from weakref import WeakValueDictionary

from pydantic import SecretStr

from portalkey.connection import Connection, ConnectionStatus
from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    NeedsReconnect,
    NotConnected,
    PortalkeyError,
    StoreBusy,
)
from portalkey.events import EventName
from portalkey.fork import renew_after_fork
from portalkey.grant import Grant
from portalkey.hubspot.messages import GrantType, read_grant, refresh_request
from portalkey.journal import Journal
from portalkey.revoke import Revoker
from portalkey.settings import Settings
from portalkey.vault import Vault
from portalkey.wire import Send

MARGIN = 60.0
"""A token that lives for less than this many seconds is renewed before it is handed out."""


class Refresh:
    """Hands out a token that is still good, renewing it first where it is not."""

    def __init__(
        self, settings: Settings, vault: Vault, send: Send, journal: Journal, revoker: Revoker
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._send = send
        self._journal = journal
        self._revoker = revoker
        self._forget_locks()
        renew_after_fork(self._forget_locks)

    def access_token(self, connection: Connection) -> SecretStr:
        """The access token of *connection*, with at least a minute to live where that can be had.

        Raises ``NeedsReconnect`` where HubSpot no longer honours the connection, ``NotConnected``
        where it was disconnected meanwhile, ``OperatorMustAct`` and ``TryLater`` where renewing
        failed and no token is left that still lives.
        """
        if self._is_good(connection):
            return self._vault.open_access(connection)
        with self._alone(connection.id):
            # Whoever was alone before us may have done our work.
            fresh = self._again(connection)
            if self._is_good(fresh):
                return self._vault.open_access(fresh)
            return self._renewed(fresh)

    def _renewed(self, connection: Connection) -> SecretStr:
        try:
            grant, sent_at = self._ask(connection)
        except NeedsReconnect:
            return self._after_rejection(connection)
        except PortalkeyError as trouble:
            return self._despite(connection, trouble)
        kept = self._vault.renew(connection, grant, sent_at=sent_at)
        if kept is None:
            return self._after_losing(connection, grant)
        self._journal.note(EventName.REFRESHED, owner=kept.owner, connection_id=kept.id)
        return self._vault.open_access(kept)

    def _ask(self, connection: Connection) -> tuple[Grant, datetime]:
        refresh_token = self._vault.open_refresh(connection)
        sent_at = self._vault.store.now()
        response = self._send(refresh_request(self._settings, refresh_token))
        grant = read_grant(response, asked=GrantType.REFRESH)
        if grant.hub_id not in (None, connection.hub_id):
            raise BadAnswer("HubSpot answered with the token of another account; it was not used.")
        return grant, sent_at

    def _after_rejection(self, connection: Connection) -> SecretStr:
        """Look again before believing that a grant is dead: the loser of a race is no judge."""
        reason = NeedsReconnect.code
        if self._vault.store.mark(connection, ConnectionStatus.NEEDS_RECONNECT, reason=reason):
            self._journal.note(
                EventName.NEEDS_RECONNECT, owner=connection.owner, connection_id=connection.id
            )
            raise self.needs_reconnect(connection)
        return self._vault.open_access(self._good_or_raise(connection))

    def _after_losing(self, connection: Connection, grant: Grant) -> SecretStr:
        """Somebody reconnected, disconnected or renewed while we asked: theirs counts."""
        token = grant.refresh_token
        if token is not None and not self._vault.is_held(token):
            self._revoker.send(self._vault.owe(token, connection.id))
        return self._vault.open_access(self._good_or_raise(connection))

    def _good_or_raise(self, connection: Connection) -> Connection:
        fresh = self._again(connection)
        if fresh.seconds_left <= 0:
            raise StoreBusy
        return fresh

    def _despite(self, connection: Connection, trouble: PortalkeyError) -> SecretStr:
        """Serve a token that still lives on; otherwise say what is wrong."""
        self._vault.store.mark(
            connection,
            ConnectionStatus.FAILING,
            reason=trouble.code,
            failures=connection.failures + 1,
        )
        refused = isinstance(trouble, HubSpotRefused)
        self._journal.note(
            EventName.HUBSPOT_REFUSED if refused else EventName.REFRESH_FAILED,
            owner=connection.owner,
            connection_id=connection.id,
            error=trouble.code,
            status=trouble.status if isinstance(trouble, HubSpotRefused) else None,
        )
        if connection.seconds_left > 0:
            return self._vault.open_access(connection)
        raise trouble

    def _again(self, connection: Connection) -> Connection:
        fresh = self._vault.store.connection(connection.id)
        if fresh is None or fresh.status is ConnectionStatus.DISCONNECTED:
            raise NotConnected
        if fresh.status is ConnectionStatus.NEEDS_RECONNECT:
            raise self.needs_reconnect(fresh)
        return fresh

    def _is_good(self, connection: Connection) -> bool:
        if connection.status is ConnectionStatus.NEEDS_RECONNECT:
            raise self.needs_reconnect(connection)
        return connection.seconds_left > MARGIN

    def needs_reconnect(self, connection: Connection) -> NeedsReconnect:
        """The error that sends the person to reconnect exactly this connection."""
        return NeedsReconnect(reconnect_url=self.reconnect_url(connection))

    def reconnect_url(self, connection: Connection) -> str:
        """Absolute, from the public URL: a worker has no request to build it from."""
        settings = self._settings
        return f"{settings.public_url}{settings.mount}/connections/setup?reconnect={connection.id}"

    def _alone(self, connection_id: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(connection_id, threading.Lock())

    def _forget_locks(self) -> None:
        """A lock that some thread held at the moment of a fork would stay held in the child."""
        self._guard = threading.Lock()
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
