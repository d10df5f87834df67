"""The front desk: everything an app, a web face or a worker asks of portalkey."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Self

from portalkey._support.background import Background
from portalkey._support.clock import Clock, boot_time
from portalkey._support.executor import Executor
from portalkey._support.fork import renew_after_fork
from portalkey.broker.account import ConnectedAccount
from portalkey.broker.audit import Audit
from portalkey.broker.connect import Attempts
from portalkey.broker.disconnect import Disconnector
from portalkey.broker.exchange import Exchange
from portalkey.broker.introspect import Introspector
from portalkey.broker.outbox import Outbox
from portalkey.broker.refresh import Refresh
from portalkey.broker.token_cache import TokenCache
from portalkey.broker.waiting import Uniform
from portalkey.errors import NoSession, NotConnected
from portalkey.hubspot.client import HubSpotClient, Send, traced
from portalkey.model.attempt import Attempt
from portalkey.model.authorization import AuthorizationOptions, Callback, Started
from portalkey.model.connection import Connection, require_owner, require_scopes, the_one
from portalkey.settings.settings import Settings
from portalkey.vault.keyring import Keyring
from portalkey.vault.open import open_store
from portalkey.vault.store import Store
from portalkey.vault.vault import Vault

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
        uniform: Uniform = random.uniform,
    ) -> None:
        """Put the parts together; ``from_env`` does it for an app.

        Args:
            settings: What the operator decided.
            vault: Keyring and store.
            send: Sends one request to HubSpot and returns the response; ``HubSpotClient().send``.
            close: Gives back what *send* holds.
            clock: Counts the life of open tokens, in seconds; it never goes back.
            uniform: Draws how long to wait, between two numbers of seconds.
        """
        self.settings = settings
        self._send = send
        self._close = close
        self._clock, self._uniform = clock, uniform
        self._work_over(vault)
        self._on_the_side = Background(at_once=1)
        self._executor = Executor()
        self._renew()
        renew_after_fork(self._renew)

    def _work_over(self, vault: Vault) -> None:
        """Put together what works over *vault*."""
        settings, send = self.settings, traced(self._send)
        self.vault = vault
        self.audit = Audit(vault.store)
        self._outbox = Outbox(settings, vault, send, self.audit)
        exchange = Exchange(settings, vault, send, self._outbox)
        self.attempts = Attempts(settings, vault, exchange, self.audit)
        self._refresh = Refresh(
            settings,
            vault,
            send,
            self.audit,
            self._outbox,
            clock=self._clock,
            uniform=self._uniform,
        )
        self._tokens = TokenCache(vault, self._refresh, self._clock)
        self._hot = self._tokens.hot
        self._disconnector = Disconnector(vault, self.audit)
        self.checkup = Introspector(settings, vault, send, self.audit, forget=self._tokens.forget)

    def use_store(self, store: Store) -> None:
        """Keep everything in *store* from here on; for a skin, before the first request."""
        self._work_over(Vault(self.vault.keyring, store, self.settings.client_id))

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
        store = open_store(settings.database_url, settings.database_schema)
        wire = HubSpotClient()
        vault = Vault(keyring, store, settings.client_id)
        return cls(settings, vault, wire.send, close=wire.close)

    def begin(self, owner: str, browser: str, wish: AuthorizationOptions | None = None) -> Started:
        """Begin an attempt of *owner* in *browser*; see ``Attempts.begin``."""
        require_owner(owner)
        return self.attempts.begin(owner, browser, wish or AuthorizationOptions())

    def finish(self, returned: Callback) -> Attempt:
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
            require_scopes(hot.scopes, scopes)
        return hot.token

    async def access_token_async(
        self, owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
    ) -> str:
        """As ``access_token``; the event loop goes on while the disk or HubSpot is waited for."""
        hot = self._hot.get((owner, hub_id))
        if hot is not None and self._clock() < hot.until:
            return self.access_token(owner, hub_id, scopes)
        return await self._executor.ask(partial(self.access_token, owner, hub_id, scopes))

    @contextmanager
    def using(
        self, owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
    ) -> Iterator[ConnectedAccount]:
        """An account to work with, outside of any request.

        ::

            with broker.using("ada") as account:
                for page in pages:
                    call(page, token=account.access_token())

        Whatever is wrong with the connection is raised before the block begins, so that no work is
        half done for it. Arguments and errors are those of ``access_token``.
        """
        connection = self._named(owner, hub_id)
        self.access_token(owner, connection.hub_id, scopes)
        account = ConnectedAccount(self, connection)
        try:
            yield account
        finally:
            account.end()

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
        return self._tokens.replacement_for(token, owner, lambda: self._named(owner, hub_id))

    async def report_unauthorized_async(
        self, owner: str, token: str, hub_id: int | None = None
    ) -> str:
        """As ``report_unauthorized``; the event loop goes on while HubSpot is waited for."""
        return await self._executor.ask(partial(self.report_unauthorized, owner, token, hub_id))

    def connections(self, owner: str) -> Sequence[Connection]:
        """The *owner*'s connections, oldest first, those that need reconnecting included."""
        require_owner(owner)
        return self.vault.store.connections(owner, self.settings.client_id)

    def disconnect(self, owner: str, connection_id: str) -> None:
        """Forget the connection here at once, and have HubSpot forget its refresh token.

        What HubSpot cannot be told now is told later. The app stays installed in the account.

        Raises:
            NotConnected: The owner has no such connection.
        """
        owed = self._disconnector.forget(self._owned(owner, connection_id))
        self._tokens.forget(owner)
        if owed is not None and self._outbox.send(owed):
            self._outbox.send_due()

    def on_user_deleted(self, owner: str) -> int:
        """Forget all that is *owner*'s: call it when the app deletes or disables whoever that is.

        Their connections are unusable as this returns, and attempts under way end with nothing
        kept. HubSpot is told in the background, and again later where it cannot be told now.

        Returns:
            How many connections there were.

        Raises:
            StoreBusy, StoreUnusable: Some may be left; call it again.
            NoSession: Connections are in visitors' sessions, which the app has to end.
        """
        # First these: one that is not cancelled any more is a connection by then.
        for attempt in self.vault.store.open_attempts(owner):
            self.attempts.cancel(attempt)
        if self.vault.store.is_personal:
            raise NoSession("Connections are in visitors' sessions: end the sessions of this user.")
        connections = self.connections(owner)
        for connection in connections:
            with suppress(NotConnected):  # somebody disconnects it at this moment
                self._disconnector.forget(connection)
        self._tokens.forget(owner)
        self._on_the_side.start("owed", self.send_owed)
        return len(connections)

    def send_owed(self, at_most: int = 5) -> int:
        """Tell HubSpot what it still has to be told; returns how many revocations went.

        Any process may call this at any time, for example once a minute.
        """
        if not self.vault.store.is_personal:  # another visitor's is nobody's here
            self._refresh.save_pending()
        return self._outbox.send_due(at_most)

    def _renew(self) -> None:
        """What each process has of its own."""
        # Not all processes at the same moment, nor each as it starts.
        self._side_at = self._clock() + self._uniform(0.0, SIDE_SECONDS)

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
        self._executor.close()
        self._on_the_side.join()
        self._refresh.close()
        self._tokens.clear()
        self._close()
        self.vault.store.close()

    def _owned(self, owner: str, connection_id: str) -> Connection:
        for connection in self.connections(owner):
            if connection.id == connection_id:
                return connection
        raise NotConnected

    def _named(self, owner: str, hub_id: int | None) -> Connection:
        return the_one(self.connections(owner), hub_id)
