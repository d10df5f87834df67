"""The one door: everything that an app, a web face, a command or a worker asks of portalkey."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Self

from portalkey._support.background import Background
from portalkey._support.clock import Clock, boot_time
from portalkey._support.fork import renew_after_fork
from portalkey._support.time_limit import limit_request, note_moment
from portalkey._support.unpicklable import Unpicklable
from portalkey._support.uwsgi import warn_of_missing_threads
from portalkey.broker.account import AccountHandle
from portalkey.broker.adopt import AdoptMethods
from portalkey.broker.async_methods import AsyncMethods, Executor
from portalkey.broker.disconnect import DisconnectMethods
from portalkey.broker.event_methods import EventMethods
from portalkey.broker.find import FindMethods
from portalkey.broker.hubspot_requests import RequestMethods
from portalkey.broker.install_methods import InstallMethods
from portalkey.broker.invite import InvitationMethods
from portalkey.broker.journal_methods import JournalMethods
from portalkey.broker.operator_methods import OperatorMethods
from portalkey.broker.owed import OwedMethods
from portalkey.broker.owners import OwnerMethods
from portalkey.broker.parts import put_together
from portalkey.broker.scope_methods import ScopeMethods
from portalkey.broker.uninstall import UninstallMethods
from portalkey.broker.waiting import Uniform
from portalkey.broker.web_methods import WebMethods
from portalkey.errors import NoKeyOpens
from portalkey.hubspot.client import HubSpotClient, Send
from portalkey.model.connection import Connection, choose_connection, require_owner
from portalkey.settings.settings import Settings
from portalkey.settings.surroundings import Surroundings
from portalkey.settings.warnings import find_warnings, log_warnings
from portalkey.vault.open import open_vault
from portalkey.vault.vault import Vault

SIDE_SECONDS = 60.0
"""Seconds between two looks of a process at what HubSpot is still owed."""


class Broker(
    Unpicklable,
    AdoptMethods,
    AsyncMethods,
    DisconnectMethods,
    EventMethods,
    FindMethods,
    InvitationMethods,
    InstallMethods,
    JournalMethods,
    OperatorMethods,
    OwedMethods,
    OwnerMethods,
    RequestMethods,
    ScopeMethods,
    UninstallMethods,
    WebMethods,
):
    """The one door to portalkey: begins and finishes attempts, hands out working access tokens.

    Make one for a process, from the environment, and ask it for a token whenever one is needed::

        broker = Broker.from_env()
        token = broker.access_token("ada")

    It may be used from any thread and goes on working in a forked child. It cannot be pickled: a
    worker makes its own where its module is imported.
    """

    @classmethod
    def from_env(cls, env_file: str | Path | None = ".env", *, prefix: str | None = None) -> Self:
        """Make a broker from the environment and *env_file*; docs/settings.md lists the names.

        Works in web processes, workers and scripts alike. *prefix* is that of the names of another
        HubSpot app's settings, as ``EU_`` in ``EU_HUBSPOT_CLIENT_ID``.

        Raises:
            BadSettings: With all that is wrong, each with what to do.
            StoreUnusable: The database cannot be opened; the message names it.
        """
        return cls.of(Settings.from_env(env_file, prefix=prefix), env_file)

    @classmethod
    def of(
        cls,
        settings: Settings,
        env_file: str | Path | None = None,
        *,
        are_keys_checked: bool = True,
    ) -> Self:
        """Make a broker over the store that *settings* name, and log what they should not say.

        *env_file* is the file that they were read from, if they were.

        Raises:
            BadSettings: The file of authorities cannot be used; a key is not the one that its label
                says, or one is missing that connections are sealed with, unless *are_keys_checked*
                is False.
            StoreUnusable: The database cannot be opened; the message names it.
        """
        log_warnings(find_warnings(settings, Surroundings.look(env_file)))
        client = HubSpotClient.of(settings)
        vault = open_vault(settings, are_keys_checked=are_keys_checked)
        broker = cls(settings, vault, client.send, close=client.close)
        if are_keys_checked:
            broker.announce()
        return broker

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        send: Send,
        *,
        close: Callable[[], None] | None = None,
        clock: Clock | None = None,
        uniform: Uniform | None = None,
    ) -> None:
        """Put the parts together; ``from_env`` does it for an app.

        Args:
            settings: What the operator decided.
            vault: Keyring and store.
            send: Sends one request to HubSpot and returns the response; ``HubSpotClient().send``.
            close: Gives back what *send* holds.
            clock: Counts the life of open tokens, in seconds; it never goes back. The time since
                the machine started, by default.
            uniform: Draws how long to wait, between two numbers of seconds; at random by default.
        """
        self.settings, self.vault = settings, vault
        vault.is_copy = settings.is_copy
        self._send, self._close = send, close
        self._clock, self._uniform = clock or boot_time, uniform or random.uniform
        parts = put_together(settings, vault, send, self._clock, self._uniform)
        self.audit, self.attempts = parts.audit, parts.attempts
        self.introspector, self._sweep = parts.introspector, parts.sweep
        self._reachability, self._gate = parts.reachability, parts.gate
        self._outbox, self._refresh = parts.outbox, parts.refresh
        self._parts, self._uninstaller = parts, parts.uninstaller
        self._tokens, self._cached = parts.tokens, parts.tokens.cached
        self._disconnector, self._housekeeping = parts.disconnector, parts.housekeeping
        self._counters, self._alarms = parts.counters, parts.alarms
        self._requests, self._deliveries = parts.housekeeping.requests, parts.deliveries
        self._background = Background(at_once=1, on_trouble=self._alarms.report)
        self._executor = Executor()
        self._renew()
        renew_after_fork(self._renew)
        warn_of_missing_threads()

    def access_token(
        self, owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
    ) -> str:
        """Return a valid access token of *owner*'s connection, renewed first where that is due.

        No caller waits longer than fifteen seconds, whatever is slow: of these HubSpot has ten at
        most, and the rest is the store's. Where HubSpot is slow, only ``PORTALKEY_HUBSPOT_CALLS``
        callers wait at once; the others hear at once.

        Args:
            owner: Whose connection.
            hub_id: Which HubSpot account; needed only where several are connected.
            scopes: The scopes that the caller is going to need; checked against those granted,
                once these are known.

        Raises:
            NotConnected, AccountNotNamed, NeedsReconnect, ScopesMissing: The person must act.
            HubSpotRefused, HubSpotUnreachable, BadAnswer, BadSettings, NoKeyOpens, StoreUnusable:
                The operator must act.
            HubSpotUnavailable, RateLimited, StoreBusy: Try again after ``.retry_after`` seconds.
        """
        cached = self._cached.get((owner, hub_id))
        if cached is None or self._clock() >= cached.until:
            with limit_request(self.settings.database_seconds):
                cached = self._tokens.get(owner, hub_id, lambda: self._connection(owner, hub_id))
            self._work_on_the_side()
            if not (cached.scopes or self.is_personal):
                self._background.start("scopes", partial(self._learn_scopes, cached.id))
        if scopes:
            self._require_scopes(cached.id, cached.scopes, scopes)
        next(cached.takes)
        return cached.token

    @contextmanager
    def using(
        self, owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
    ) -> Iterator[AccountHandle]:
        """Hand out an account to work with, outside of any request.

        ::

            with broker.using("ada") as account:
                for page in pages:
                    call(page, token=account.access_token())

        Whatever is wrong with the connection is raised before the block begins, so that no work is
        half done for it. Arguments and errors are those of ``access_token``.
        """
        connection = self._connection(owner, hub_id)
        self.access_token(owner, connection.hub_id, scopes)
        account = AccountHandle(self, connection)
        try:
            yield account
        finally:
            account.end()

    def report_unauthorized(self, owner: str, token: str, hub_id: int | None = None) -> str:
        """Return the token to try again with, after HubSpot answered 401 to one with *token*.

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
        with limit_request(self.settings.database_seconds):
            return self._tokens.replacement_for(
                token, owner, lambda: self._connection(owner, hub_id)
            )

    def connections(self, owner: str) -> Sequence[Connection]:
        """Return *owner*'s connections, oldest first, those that need reconnecting included."""
        require_owner(owner)
        rows = self.vault.store.connections(owner, self.settings.client_id)
        if rows and not self.vault.store.is_personal:
            note_moment(self.vault.store, rows[0].seen_at)
        return self._heal(rows)

    def _heal(self, rows: Sequence[Connection]) -> Sequence[Connection]:
        is_marked = any(row.status_reason == NoKeyOpens.code for row in rows)
        return self._refresh.heal(rows) if is_marked else rows

    def send_owed(self, at_most: int = 5) -> int:
        """Send HubSpot what it is still owed; return how many revocations went.

        What the store has kept for long enough is forgotten then, too. Any process may call this
        at any time, for example once a minute.
        """
        if not self.vault.store.is_personal:  # another visitor's is nobody's here
            self._refresh.save_pending()
        sent = self._outbox.send_due(at_most)
        self._housekeeping.run()
        return sent

    def close(self) -> None:
        """Give back every file and socket; the broker can be used again and reopens them.

        A renewal under way is waited for. So is whoever hears of events just now, for ten seconds
        at most; what one has not heard by then, it is told again later.
        """
        self._executor.close()
        self._reachability.close()
        self._background.join()
        self._housekeeping.processes.withdraw()
        self._refresh.close()
        self._counters.close()
        self._alarms.close()
        self._deliveries.close()  # those before still change things
        self._tokens.clear()
        if self._close is not None:
            self._close()
        self.vault.store.close()

    def _renew(self) -> None:
        # Not all processes at the same moment, nor each as it starts.
        self._retry_at = self._clock() + self._uniform(0.0, SIDE_SECONDS)

    def _work_on_the_side(self) -> None:
        now = self._clock()
        if now >= self._retry_at:
            self._retry_at = now + SIDE_SECONDS
            self._tokens.sweep(now)
            self._background.start("owed", self.send_owed)
            self._deliveries.start()

    def _connection(self, owner: str, hub_id: int | None) -> Connection:
        return choose_connection(self.connections(owner), hub_id)
