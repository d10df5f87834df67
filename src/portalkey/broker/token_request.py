"""One request under a lease, and what becomes of its answer.

What HubSpot gives is secured first and judged later: the refresh token in an answer may be the only
one that it still honours. It is saved by compare-and-swap on the lineage of the one that was sent,
and nobody sees a token before that.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from pydantic import SecretStr

from portalkey._support.timing import Measured, Timer
from portalkey._support.tracing import CONNECTION, Span
from portalkey.broker.audit import Audit
from portalkey.broker.outbox import Outbox
from portalkey.broker.refresh_outcome import OutcomeRecorder
from portalkey.broker.waiting import Uniform
from portalkey.errors import (
    BadAnswer,
    NeedsReconnect,
    NoKeyOpens,
    PortalkeyError,
    StoreBusy,
    StoreUnusable,
)
from portalkey.hubspot.client import Send
from portalkey.hubspot.http import Response
from portalkey.hubspot.token import GrantType, read_grant, read_refresh_token, refresh_request
from portalkey.model.connection import Connection, Grant
from portalkey.model.events import Event, EventName
from portalkey.model.leases import Lease
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

SAVE_TRIES = 4
"""How often a store in trouble is asked to keep what HubSpot gave; each try waits by itself."""
MOST_PENDING = 1000
"""So many grants that no store would take are kept in memory, to be saved at the next call."""


class Superseded(Exception):
    """Somebody else's grant counts by now; look at the row again."""

    code: ClassVar[str] = "lost"


class InvalidGrant(Exception):
    """HubSpot honours the refresh token no longer, and the row says so by now."""

    code: ClassVar[str] = NeedsReconnect.code


class _OfAnother(BadAnswer):
    """HubSpot answered with the token of another account; it was not used."""


@dataclass(frozen=True, slots=True)
class _PendingSave:
    connection: Connection
    grant: Grant
    event: Event | None


class TokenRequest:
    """Asks HubSpot once, and saves what it gives."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        send: Send,
        audit: Audit,
        outbox: Outbox,
        *,
        outcomes: OutcomeRecorder,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Uniform,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._send = send
        self._audit = audit
        self._outbox = outbox
        self._sleep = sleep
        self._uniform = uniform
        self._outcomes = outcomes
        self._pending: dict[str, _PendingSave] = {}

    def under(self, lease: Lease, token: SecretStr) -> Connection:
        """The connection at its next generation, renewed by one request under *lease*.

        *token* is its refresh token. What is returned is as of the moment the lease was given.

        Raises:
            Dead, Lost: See there.
            OperatorMustAct, TryLater: What this means to others is written down; the lease is given
                back, unless the store is in trouble itself.
        """
        with (
            Span("portalkey.broker.refresh", {CONNECTION: lease.connection.id}),
            Timer(Measured.REFRESH),
        ):
            return self._asked(lease, token)

    def _asked(self, lease: Lease, token: SecretStr) -> Connection:
        leased, response = lease.connection, None
        try:
            response = self._send(refresh_request(self._settings, token))
            grant = _read(response, leased)
        except NeedsReconnect:
            raise (
                InvalidGrant if self._outcomes.record_invalid_grant(lease) else Superseded
            ) from None
        except PortalkeyError as trouble:
            self._outcomes.record_failure(lease, self._secured(leased, response, trouble), trouble)
            raise
        event = Event(EventName.REFRESHED, owner=leased.owner, connection_id=leased.id)
        try:
            return self._kept(leased, grant, event)
        finally:
            self._outcomes.record_answer(lease)

    def save_pending_of(self, connection_id: str) -> None:
        """Save what no store would take before; nothing else is to be done for the connection.

        Raises:
            StoreBusy, StoreUnusable: It still will not; the grant is kept in memory.
        """
        pending = self._pending.get(connection_id)
        if pending is not None:
            with suppress(Superseded):
                self._kept(pending.connection, pending.grant, pending.event)

    def has_pending(self, connection_id: str) -> bool:
        """True while a grant is kept in memory only."""
        return connection_id in self._pending

    def save_all_pending(self) -> None:
        """Save, or give back, whatever is kept in memory only; also for what nobody asks for.

        Raises:
            StoreBusy, StoreUnusable: The store still will not.
        """
        for connection_id in list(self._pending):
            self.save_pending_of(connection_id)

    def save_soon(self, connection_id: str, seconds: float) -> None:
        """Try for about so many *seconds* to save what no store would take."""
        while seconds > 0 and self.has_pending(connection_id):
            pause = self._uniform(0.5, 1.0)
            seconds -= pause
            self._sleep(pause)
            with suppress(StoreBusy, StoreUnusable):
                self.save_pending_of(connection_id)

    def _kept(self, leased: Connection, grant: Grant, event: Event | None) -> Connection:
        """Save *grant*, and hand it out only then."""
        # First of all, as this thread may be interrupted while it waits for the store.
        if len(self._pending) < MOST_PENDING:
            self._pending[leased.id] = _PendingSave(leased, grant, event)
        kept = self._saved(leased, grant, event)
        self._pending.pop(leased.id, None)
        if kept is None:
            self._give_back(leased, grant)
            raise Superseded
        if event is not None:
            self._audit.announce(event)
        return kept

    def _saved(self, leased: Connection, grant: Grant, event: Event | None) -> Connection | None:
        for number in range(1, SAVE_TRIES):
            with suppress(StoreBusy, StoreUnusable):
                return self._save(leased, grant, event)
            self._sleep(self._uniform(0.0, 0.1 * 2**number))
        return self._save(leased, grant, event)

    def _save(self, leased: Connection, grant: Grant, event: Event | None) -> Connection | None:
        # The row was read before the request was sent: no token lives on for less.
        return self._vault.renew(leased, grant, sent_at=leased.seen_at, event=event)

    def _give_back(self, leased: Connection, grant: Grant) -> None:
        """Somebody reconnected, disconnected or renewed while we asked: theirs counts."""
        if grant.refresh_token is not None:
            self._outbox.give_back(grant.refresh_token, leased.id)

    def _secured(
        self, leased: Connection, response: Response | None, trouble: PortalkeyError
    ) -> Connection:
        """The row to judge: with the refresh token of an answer that is of no use otherwise."""
        if response is None or not isinstance(trouble, BadAnswer):
            return leased
        token = None if isinstance(trouble, _OfAnother) else read_refresh_token(response)
        if token is None or token == self._vault.open_refresh(leased):
            return leased
        left = max(0, int(leased.seconds_left))
        try:
            grant = Grant(self._vault.open_access(leased), token, left)
            return self._kept(leased, grant, None)
        except (Superseded, NoKeyOpens, StoreBusy, StoreUnusable):
            return leased


def _read(response: Response, leased: Connection) -> Grant:
    grant = read_grant(response, asked=GrantType.REFRESH)
    if grant.hub_id not in (None, leased.hub_id):
        raise _OfAnother
    return grant
