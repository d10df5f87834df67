"""The front desk: everything an app, a web face or a worker asks of portalkey."""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Self

from portalkey.attempt import Attempt
from portalkey.attempts import Attempts
from portalkey.background import Background
from portalkey.clock import Clock, boot_time
from portalkey.connection import Connection, ConnectionStatus
from portalkey.errors import AccountNotNamed, NoKeyOpens, NotConnected, ScopesMissing
from portalkey.events import Event, EventName
from portalkey.exchange import Exchange
from portalkey.fork import renew_after_fork
from portalkey.hubspot.messages import introspect_request, read_introspection
from portalkey.journal import Journal, facts_of
from portalkey.refresh import Refresh
from portalkey.revoke import Revoker
from portalkey.settings import Settings
from portalkey.tokens import Tokens
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey.visits import Begun, Return, Wish
from portalkey.wire import Send, Wire

CHECK_SECONDS = 10.0
"""How rarely HubSpot is asked about one connection."""
CHECKS_REMEMBERED = 1000
ASKERS = 16
"""So many threads ask for an event loop's callers at once."""
SIDE_SECONDS = 60.0
"""How often a process that hands out tokens sends some of what HubSpot is still owed."""


class Broker:
    """Begins and finishes attempts, and hands out working access tokens.

    One broker serves a whole process, from any thread, and goes on working in a forked child.
    """

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        send: Send,
        *,
        close: Callable[[], None] = lambda: None,
        clock: Clock = boot_time,
    ) -> None:
        """Put the parts together; ``from_env`` does it for an app.

        Args:
            settings: What the operator decided.
            vault: Keyring and store.
            send: Sends one request to HubSpot and returns the response; ``Wire().send``.
            close: Gives back what *send* holds.
            clock: Counts the life of open tokens, in seconds; it never goes back.
        """
        self.settings = settings
        self.vault = vault
        self.journal = Journal(vault.store)
        self._send = send
        self._close = close
        self._checked: dict[str, datetime] = {}
        self._revoker = Revoker(settings, vault, send, self.journal)
        exchange = Exchange(settings, vault, send, self._revoker)
        self.attempts = Attempts(settings, vault, exchange, self.journal)
        self._clock = clock
        self._refresh = Refresh(settings, vault, send, self.journal, self._revoker, clock=clock)
        self._tokens = Tokens(vault, self._refresh, clock)
        self._hot = self._tokens.hot
        self._on_the_side = Background(at_once=1)
        self._renew()
        renew_after_fork(self._renew)

    @classmethod
    def from_env(cls, env_file: str | Path | None = ".env") -> Self:
        """A broker from the environment and *env_file*, as the settings page lists the names.

        Works in web processes, workers and scripts alike.

        Raises:
            BadSettings: With all that is wrong, each with what to do.
            StoreUnusable: The database cannot be opened; the message names it.
        """
        return cls.of(Settings.from_env(env_file))

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """A broker over the store that *settings* name."""
        keyring = Keyring(settings.keys)
        store = SQLStore.open(settings.database_url, schema=settings.database_schema)
        wire = Wire()
        vault = Vault(keyring, store, settings.client_id)
        return cls(settings, vault, wire.send, close=wire.close)

    def begin(self, owner: str, browser: str, wish: Wish | None = None) -> Begun:
        """Begin an attempt of *owner* in *browser*; see ``Attempts.begin``."""
        _require_owner(owner)
        return self.attempts.begin(owner, browser, wish or Wish())

    def finish(self, returned: Return) -> Attempt:
        """Bring the attempt that a callback belongs to to its end; see ``Attempts.finish``."""
        attempt = self.attempts.finish(returned)
        self._tokens.forget(attempt.owner)
        return attempt

    def access_token(
        self, owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
    ) -> str:
        """A valid access token of *owner*'s connection, renewed first where that is due.

        Args:
            owner: Whose connection.
            hub_id: Which HubSpot account; needed only where several are connected.
            scopes: What the caller is going to need; checked against what was granted.

        Raises:
            NotConnected, AccountNotNamed, NeedsReconnect, ScopesMissing: The person must act.
            HubSpotRefused, BadAnswer, NoKeyOpens, StoreUnusable: The operator must act.
            HubSpotUnavailable, RateLimited, StoreBusy: Try again after ``.retry_after`` seconds.
        """
        hot = self._hot.get((owner, hub_id))
        if hot is None or self._clock() >= hot.until:
            hot = self._tokens.get(owner, hub_id, lambda: self._named(owner, hub_id))
            self._work_on_the_side()
        if scopes:
            _require_scopes(hot.connection, scopes)
        return hot.token

    async def access_token_async(
        self, owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
    ) -> str:
        """As ``access_token``; the event loop goes on while the disk or HubSpot is waited for."""
        hot = self._hot.get((owner, hub_id))
        if hot is not None and self._clock() < hot.until:
            return self.access_token(owner, hub_id, scopes)
        loop, ask = asyncio.get_running_loop(), partial(self.access_token, owner, hub_id, scopes)
        return await loop.run_in_executor(self._askers, ask)

    def report_unauthorized(self, owner: str, token: str, hub_id: int | None = None) -> str:
        """The token to try again with, after HubSpot answered 401 to a request that bore *token*.

        Call it once for a request, and repeat the request once. A token that lives on by its time
        may be dead at HubSpot; it is renewed before its time then, once in five minutes at most
        for one connection, whoever reports it.

        Args:
            owner: Whose connection.
            token: The access token that was refused.
            hub_id: Which HubSpot account; needed only where several are connected.

        Returns:
            Another token than the one refused, or the same where no other can be had now: it was
            renewed not long ago, or HubSpot cannot be asked.

        Raises:
            As ``access_token`` does; ``NeedsReconnect`` where the app was uninstalled.
        """
        self._tokens.forget(owner)
        current = self.access_token(owner, hub_id)
        if current != token:
            return current
        self._refresh.beyond(self._named(owner, hub_id))
        self._tokens.forget(owner)
        return self.access_token(owner, hub_id)

    def connections(self, owner: str) -> Sequence[Connection]:
        """The *owner*'s connections, oldest first, those that need reconnecting included."""
        _require_owner(owner)
        return self.vault.store.connections(owner, self.settings.client_id)

    def disconnect(self, owner: str, connection_id: str) -> None:
        """Forget the connection here at once, and have HubSpot forget its refresh token.

        What HubSpot cannot be told now is told later. The app stays installed in the account.

        Raises:
            NotConnected: The owner has no such connection.
        """
        connection = self._owned(owner, connection_id)
        try:
            self.vault.open_refresh(connection)
        except NoKeyOpens as trouble:
            # It is forgotten all the same, but HubSpot cannot be told of it.
            self._note_lost_key(connection, trouble)
        event = Event(EventName.DISCONNECTED, owner=owner, connection_id=connection_id)
        owed = self.vault.forget(connection, event=event)
        self._tokens.forget(owner)
        self.journal.tell(event)
        if owed is not None and self._revoker.send(owed):
            self._revoker.send_due()

    def send_owed(self, at_most: int = 5) -> int:
        """Tell HubSpot what it still has to be told; returns how many revocations went.

        Any process may call this at any time, for example once a minute.
        """
        self._refresh.save_unsaved()
        return self._revoker.send_due(at_most)

    def _renew(self) -> None:
        """What each process has of its own."""
        # Not the event loop's threads: a slow HubSpot would keep everybody else from them.
        self._askers = ThreadPoolExecutor(ASKERS, thread_name_prefix="portalkey-asker")
        # Not all processes at the same moment, nor each as it starts.
        self._side_at = self._clock() + random.uniform(0.0, SIDE_SECONDS)  # noqa: S311 - no secret

    def _work_on_the_side(self) -> None:
        now = self._clock()
        if now >= self._side_at:
            self._side_at = now + SIDE_SECONDS
            self._tokens.sweep(now)
            self._on_the_side.start("owed", self.send_owed)

    def close(self) -> None:
        """Give back every file and socket; the broker can be used again and reopens them.

        A renewal under way is waited for.
        """
        self._askers.shutdown()
        self._renew()
        self._on_the_side.join()
        self._refresh.close()
        self._tokens.clear()
        self._close()
        self.vault.store.close()

    def check(self, connection: Connection) -> None:
        """Ask HubSpot whether it still honours *connection*, and mark it where it does not.

        One connection is asked about once in ``CHECK_SECONDS`` at most: a page may poll this.

        Raises:
            OperatorMustAct, TryLater: HubSpot did not say; nothing was changed.
        """
        last = self._checked.get(connection.id)
        if last is not None and (connection.seen_at - last).total_seconds() < CHECK_SECONDS:
            return
        if len(self._checked) >= CHECKS_REMEMBERED:
            self._checked.clear()
        self._checked[connection.id] = connection.seen_at
        token = self.vault.open_refresh(connection)
        response = self._send(introspect_request(self.settings, token))
        if read_introspection(response).active:
            return
        event = Event(
            EventName.NEEDS_RECONNECT, owner=connection.owner, connection_id=connection.id
        )
        status = ConnectionStatus.NEEDS_RECONNECT
        if self.vault.store.mark(connection, status, reason="inactive", event=event):
            self._tokens.forget(connection.owner)
            self.journal.tell(event)

    def _note_lost_key(self, connection: Connection, trouble: NoKeyOpens) -> None:
        self.journal.note(
            EventName.NO_KEY_OPENS,
            owner=connection.owner,
            connection_id=connection.id,
            facts=facts_of(trouble),
        )

    def _owned(self, owner: str, connection_id: str) -> Connection:
        for connection in self.connections(owner):
            if connection.id == connection_id:
                return connection
        raise NotConnected

    def _named(self, owner: str, hub_id: int | None) -> Connection:
        connections = self.connections(owner)
        if hub_id is not None:
            connections = [each for each in connections if each.hub_id == hub_id]
        if not connections:
            raise NotConnected
        if len(connections) > 1:
            raise AccountNotNamed([each.hub_id for each in connections])
        return connections[0]


def _require_scopes(connection: Connection, wanted: Iterable[str]) -> None:
    missing = connection.missing_scopes(wanted)
    if missing:
        raise ScopesMissing(missing)


def _require_owner(owner: object) -> None:
    # No database keeps a text with a NUL in it as it is.
    if not isinstance(owner, str) or not owner.strip() or "\0" in owner:
        raise TypeError("owner must be a non-empty string: the app's own id of a user or tenant")
