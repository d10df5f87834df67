"""One token request under a lease, and the saving of its answer.

A refresh token in an answer is saved first and judged later, as it may be the only one that HubSpot
still honours. It is saved by compare-and-swap on the fingerprint of the one that was sent, and no
caller gets a token before that.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from pydantic import SecretStr

from portalkey._support.clock import Clock, boot_time, sleep_seconds
from portalkey._support.telemetry import CONNECTION, Counted, Measured, Span, Timer, send_count
from portalkey.broker.audit import Audit
from portalkey.broker.refresh_outcome import OutcomeRecorder
from portalkey.broker.waiting import UNBOUNDED, Uniform, request_seconds
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
from portalkey.model.connection import Connection, ConnectionStatus, Grant, compare_scopes
from portalkey.model.events import Event, EventName
from portalkey.model.leases import Lease
from portalkey.settings.settings import Settings
from portalkey.vault.store import BUSY_SECONDS, Renewed
from portalkey.vault.vault import Vault

SAVE_TRIES = 4
"""Tries to save a grant while the store is in trouble; each of them waits by itself."""
MOST_PENDING = 1000
"""Grants that the store would not take, kept in memory and saved at the next call, at most."""


class Superseded(Exception):
    """Another grant was written meanwhile; read the row again."""

    code: ClassVar[str] = "lost"


class InvalidGrant(Exception):
    """HubSpot no longer honours the refresh token, and the row says so by now."""

    code: ClassVar[str] = NeedsReconnect.code


class _OtherAccount(BadAnswer):
    """HubSpot answered with a token of another account; it was not used."""


@dataclass(frozen=True, slots=True)
class _PendingSave:
    connection: Connection
    grant: Grant
    event: Event | None


class TokenRequest:
    """Asks HubSpot for a new grant once, and saves it."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        send: Send,
        audit: Audit,
        *,
        outcomes: OutcomeRecorder,
        clock: Clock = boot_time,
        revoke: Callable[[SecretStr, str, float], object],
        sleep: Callable[[float], None] = sleep_seconds,
        uniform: Uniform,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._send = send
        self._audit = audit
        self._revoke_unsaved = revoke
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._outcomes = outcomes
        self.pending: dict[str, _PendingSave] = {}
        """By connection, the grants that are in memory only."""
        self._counted = 0

    def refresh_under_lease(
        self, lease: Lease, token: SecretStr, until: float = UNBOUNDED
    ) -> Connection:
        """Renew the connection of *lease* by one request, and return it at its next generation.

        *token* is its refresh token, *until* the moment at which the caller gives up. The
        connection is as of the moment the lease was granted.

        Raises:
            InvalidGrant, Superseded: See there.
            OperatorMustAct, TryLater: The failure is recorded for all processes and the lease is
                released, unless the store is in trouble itself.
        """
        with (
            Span("portalkey.refresh", {CONNECTION: lease.connection.id}),
            Timer(Measured.REFRESH),
        ):
            return self._request(lease, token, until)

    def _request(self, lease: Lease, token: SecretStr, until: float) -> Connection:
        leased, response = lease.connection, None
        try:
            request = refresh_request(self._settings, token)
            seconds = request_seconds(until - self._clock())
            response = self._send(replace(request, seconds=seconds, owner=leased.owner))
            grant = _read_grant(response, leased)
        except NeedsReconnect:
            raise (
                InvalidGrant if self._outcomes.record_invalid_grant(lease) else Superseded
            ) from None
        except PortalkeyError as trouble:
            current = self._save_refresh_token(leased, response, trouble, until)
            self._outcomes.record_failure(lease, current, trouble)
            raise
        event = Event(EventName.REFRESHED, owner=leased.owner, connection_id=leased.id)
        try:
            return self._save_first(leased, grant, event, until)
        finally:
            if lease.is_news or self._outcomes.breaker.is_troubled:
                self._outcomes.record_answer(lease)

    def save_pending_of(self, connection_id: str, until: float = UNBOUNDED) -> None:
        """Save the grant of this connection that the store would not take before, if there is one.

        Raises:
            StoreBusy, StoreUnusable: It still will not; the grant stays in memory.
        """
        pending = self.pending.get(connection_id)
        if pending is not None:
            with suppress(Superseded):
                self._save_first(pending.connection, pending.grant, pending.event, until)

    def save_all_pending(self) -> None:
        """Save, or have revoked, every grant that is in memory only.

        Raises:
            StoreBusy, StoreUnusable: The store still will not take them.
        """
        for connection_id in list(self.pending):
            self.save_pending_of(connection_id)

    def save_soon(self, connection_id: str, seconds: float) -> None:
        """Try for about so many *seconds* to save a grant that the store would not take."""
        while seconds > 0 and connection_id in self.pending:
            pause = self._uniform(0.5, 1.0)
            seconds -= pause
            self._sleep(pause)
            with suppress(StoreBusy, StoreUnusable):
                self.save_pending_of(connection_id)

    def _save_first(
        self, leased: Connection, grant: Grant, event: Event | None, until: float
    ) -> Connection:
        """Save *grant* before anybody gets it: a served grant that is lost ends the connection."""
        # Into memory first, as this thread may be interrupted while it waits for the store.
        if len(self.pending) < MOST_PENDING:
            self.pending[leased.id] = _PendingSave(leased, grant, event)
        try:
            renewed = self._save_in_tries(leased, grant, event, until)
        except (StoreBusy, StoreUnusable):
            self._count_pending()
            raise
        self.pending.pop(leased.id, None)
        if self._counted:
            self._count_pending()
        if renewed is None:
            self._revoke(leased, grant, until)
            raise Superseded
        if event is not None:
            self._audit.count(event)
        if renewed.event is not None:
            self._audit.announce(renewed.event)
        return renewed.connection

    def _count_pending(self) -> None:
        self._counted = len(self.pending)
        send_count(Counted.UNSAVED, self._counted)

    def _save_in_tries(
        self, leased: Connection, grant: Grant, event: Event | None, until: float
    ) -> Renewed | None:
        for number in range(1, SAVE_TRIES):
            pause = self._uniform(0.0, 0.1 * 2**number)
            try:
                return self._save(leased, grant, event)
            except (StoreBusy, StoreUnusable):
                # Nobody waits any more for a try that may take as long as the store can.
                if self._clock() + pause + BUSY_SECONDS > until:
                    raise
            self._sleep(pause)
        return self._save(leased, grant, event)

    def _save(self, leased: Connection, grant: Grant, event: Event | None) -> Renewed | None:
        # The row was read before the request was sent: no token lives on for less. A plain renewal
        # is counted; the audit hears of what a person did, and of what a status became.
        tell = partial(build_change, leased, grant, is_failing=event is None)
        return self._vault.renew(leased, grant, sent_at=leased.seen_at, tell=tell)

    def _revoke(self, leased: Connection, grant: Grant, until: float) -> None:
        """Have a grant revoked that a reconnect, a disconnect or another renewal overtook."""
        if grant.refresh_token is not None:
            seconds = request_seconds(until - self._clock())
            self._revoke_unsaved(grant.refresh_token, leased.id, seconds)

    def _save_refresh_token(
        self,
        leased: Connection,
        response: Response | None,
        trouble: PortalkeyError,
        until: float,
    ) -> Connection:
        """Save the refresh token of an answer that is of no other use, and return the row then."""
        if response is None or not isinstance(trouble, BadAnswer):
            return leased
        token = None if isinstance(trouble, _OtherAccount) else read_refresh_token(response)
        if token is None or token == self._vault.open_refresh(leased):
            return leased
        left = max(0, int(leased.seconds_left))
        try:
            grant = Grant(self._vault.open_access(leased), token, left)
            return self._save_first(leased, grant, None, until)
        except (Superseded, NoKeyOpens, StoreBusy, StoreUnusable):
            return leased


def build_change(
    leased: Connection, grant: Grant, before: ConnectionStatus, *, is_failing: bool = False
) -> Event | None:
    """Return what a renewal of *leased* changes beside its tokens: it is healed, or its scopes.

    *before* is the status that its row had by then, which another process may have moved since it
    was leased. Where it *is_failing* right after that, only what had ended is healed.
    """
    facts = compare_scopes(leased.scopes, grant.scopes)
    is_ended = before is ConnectionStatus.NEEDS_RECONNECT
    if is_ended or (before is not ConnectionStatus.CONNECTED and not is_failing):
        name = EventName.HEALED
    elif facts:
        name = EventName.SCOPES_CHANGED
    else:
        return None
    return Event(name, owner=leased.owner, connection_id=leased.id, facts=facts)


def _read_grant(response: Response, leased: Connection) -> Grant:
    grant = read_grant(response, asked=GrantType.REFRESH)
    if grant.hub_id not in (None, leased.hub_id):
        raise _OtherAccount
    return grant
