"""Exchange of an authorization code for a stored connection."""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar, cast

from pydantic import SecretStr

from portalkey._support.clock import Clock
from portalkey._support.uwsgi import choose_thread_check
from portalkey.broker import waiting
from portalkey.broker.admission import Permit
from portalkey.broker.caller_gate import CallerGate
from portalkey.broker.outbox import Outbox
from portalkey.broker.token_endpoint import TokenEndpoint
from portalkey.broker.waiting import Check
from portalkey.errors import (
    HubSpotRefused,
    HubSpotUnavailable,
    HubSpotUnreachable,
    PortalkeyError,
    TryLater,
    WrongAccount,
)
from portalkey.hubspot.account import (
    Details,
    Introspection,
    details_request,
    identify,
    introspect_request,
    read_details,
    read_introspection,
)
from portalkey.hubspot.client import Send
from portalkey.hubspot.http import Request, Response
from portalkey.hubspot.token import GrantType, code_request, read_grant
from portalkey.model.attempt import Attempt
from portalkey.model.connection import Account, ConnectionStatus, Grant
from portalkey.model.events import Event
from portalkey.model.throttle import Purpose
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault, build_connected_event

T = TypeVar("T")

UNREACHABLE_WAIT = 10.0
"""Seconds after which a code is tried again that the operator has to open the way for."""


@dataclass(frozen=True, slots=True)
class ExchangeTurn:
    """A turn of *owner* at HubSpot: the moment *until* which it lasts, and its permit till used.

    ``tickets`` are the ids of installs whose ticket the browser has that brought the code.
    """

    owner: str
    until: float
    tickets: Collection[str] = ()
    permits: list[Permit] = field(default_factory=list)


class Beside(Generic[T]):
    """Work on a thread of its own, for a caller who does another part meanwhile."""

    def __init__(self, work: Callable[[], T], may_start: Callable[[], bool]) -> None:
        """Start *work* in the caller's context, if threads run here; it has to end by itself.

        Where they do not, or none can be had, it is done by whoever takes its result.
        """
        self._work = work
        self._outcome: T | None = None
        self._error: BaseException | None = None
        # Looked up here, each time: gevent may have replaced it since this was imported.
        self._thread = threading.Thread(target=copy_context().run, args=(self._do,))
        try:
            self._is_started = may_start()
            if self._is_started:
                self._thread.start()
        except RuntimeError:  # the interpreter is shutting down, or out of threads
            self._is_started = False

    def _do(self) -> None:
        try:
            self._outcome = self._work()
        except BaseException as error:  # noqa: BLE001 - raised where the result is taken
            self._error = error

    def result(self) -> T:
        """Return what the work returned, once it is done; raise what it raised."""
        if not self._is_started:
            return self._work()
        self._thread.join()
        if self._error is not None:
            raise self._error
        return cast("T", self._outcome)


class Exchange:
    """Exchanges the code of a claimed attempt, and stores the connection."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        send: Send,
        outbox: Outbox,
        endpoint: TokenEndpoint,
        *,
        clock: Clock,
        gate: CallerGate,
        check: Check,
    ) -> None:
        self._endpoint = endpoint
        self._admission = endpoint.admission
        self._settings = settings
        self._vault = vault
        self._send = send
        self._outbox = outbox
        self._clock = clock
        self._gate = gate
        self._check = check
        self._may_start = choose_thread_check()

    @contextmanager
    def turn(
        self,
        owner: str,
        *,
        is_to_be_sent: bool,
        purpose: Purpose = Purpose.EXCHANGE,
        tickets: Collection[str] = (),
    ) -> Iterator[ExchangeTurn]:
        """Give *owner* a turn at HubSpot, with a permit where a code *is_to_be_sent*.

        It is asked for before the attempt is claimed and its code is spent, so that the same
        return can be tried again. A permit that was not used is given back.

        Raises:
            HubSpotUnavailable, RateLimited: HubSpot cannot be reached from here, hangs or refused
                the app, too many callers wait for it, or its token endpoint may not be asked now.
            StoreBusy, StoreUnusable: The store is in trouble.
        """
        turn = ExchangeTurn(owner, self._clock() + waiting.LONGEST, tickets)
        self._check_app(owner)
        with self._gate.place(owner):
            try:
                if is_to_be_sent:
                    turn.permits.append(self._take_permit(owner, purpose))
                yield turn
            finally:
                for unused in turn.permits:
                    self._admission.give_back(unused)

    def _check_app(self, owner: str) -> None:
        try:
            self._check(owner)
        except (HubSpotUnreachable, HubSpotRefused) as trouble:
            # The operator may be at it: for the person who connects it passes.
            raise HubSpotUnavailable(str(trouble), retry_after=UNREACHABLE_WAIT) from None

    def _take_permit(self, owner: str, purpose: Purpose) -> Permit:
        permit = self._admission.acquire(purpose, owner, owner)
        if isinstance(permit, Permit):
            return permit
        trouble = waiting.throttled_error(permit.reason, permit.wait)
        # Whatever the operator has to do about it, it passes for the person who connects.
        is_passing = isinstance(trouble, TryLater)
        raise trouble if is_passing else HubSpotUnavailable(retry_after=max(1.0, permit.wait))

    def run(self, attempt: Attempt, code: SecretStr, turn: ExchangeTurn) -> Event | None:
        """Exchange *code*, find out whose account it is, seal and store the grant.

        All requests together end in time for the store to answer within the *turn*. Returns the
        event that was recorded with what came of it: the account is connected, or it is another
        than last time and has to be asked about. None where the attempt was cancelled meanwhile.
        A grant that is not stored, for this or any other reason, is revoked. Raises what the
        exchange raised.
        """
        verifier = self._vault.open_verifier(attempt) if attempt.sealed_verifier else None
        request = code_request(
            self._settings, code=code, redirect_uri=attempt.redirect_uri, verifier=verifier
        )
        until = turn.until
        grant = self._request(replace(request, owner=attempt.owner), turn)
        event = None
        try:
            account, scopes = self._identify(grant, until)
            if attempt.expected_hub_id not in (None, account.hub_id):
                raise WrongAccount
            event = self._keep(attempt, grant, account, scopes, turn.tickets)
        finally:
            if event is None and grant.refresh_token is not None:
                self._outbox.revoke_unsaved(grant.refresh_token, seconds=self._seconds(until))
        return event

    def _keep(
        self,
        attempt: Attempt,
        grant: Grant,
        account: Account,
        scopes: tuple[str, ...] | None,
        tickets: Collection[str],
    ) -> Event | None:
        """Store the grant as a connection, or with its attempt where the person is asked first."""
        # The claim came before the request, so no lifetime is overstated. The store is not asked
        # between the two: its trouble would lose the code.
        sent_at = attempt.claimed_at or attempt.seen_at
        if attempt.pending_until is not None or self._is_another(attempt, account):
            return self._vault.ask(
                attempt, grant, account, scopes, sent_at=sent_at, tickets=tickets
            )
        wanted = self._settings.wanted_scopes
        connection = self._vault.save(
            attempt, grant, account, scopes, sent_at=sent_at, wanted=wanted
        )
        return build_connected_event(attempt, connection) if connection else None

    def _is_another(self, attempt: Attempt, account: Account) -> bool:
        """Return True where the owner neither has *account* nor had it last, and is to be asked."""
        if attempt.last_hub_id in {None, account.hub_id}:
            return False
        row = self._vault.store.connection_to(
            attempt.owner, self._settings.client_id, account.hub_id
        )
        return row is None or row.status is ConnectionStatus.DISCONNECTED

    def _request(self, request: Request, turn: ExchangeTurn) -> Grant:
        """Send *request*, and record what its answer says of the token endpoint."""
        permit = turn.permits.pop()
        try:
            grant = read_grant(self._ask(request, turn.until), asked=GrantType.CODE)
        except PortalkeyError as trouble:
            self._endpoint.record_failure(turn.owner, permit, trouble)
            raise
        # Looked at here: as a rule there is nothing to record.
        if permit.is_news or self._endpoint.breaker.is_troubled:
            self._endpoint.breaker.record_answer()
        return grant

    def _identify(self, grant: Grant, until: float) -> tuple[Account, tuple[str, ...] | None]:
        """Return whose *grant* it is; HubSpot is asked both at once, as a person waits for it."""
        details = Beside(lambda: self._details(grant, until), self._may_start)
        introspection = self._introspect(grant, until)
        return identify(grant, introspection, details.result())

    def _introspect(self, grant: Grant, until: float) -> Introspection | None:
        """Ask who agreed, and for which account; None where HubSpot does not say just now."""
        request = introspect_request(self._settings, grant.access_token)
        try:
            return read_introspection(self._ask(request, until))
        except PortalkeyError:
            return None

    def _details(self, grant: Grant, until: float) -> Details | None:
        """Ask for the account's time zone, kind and place; None where the scopes do not reach."""
        request = details_request(self._settings, grant.access_token)
        try:
            return read_details(self._ask(request, until))
        except PortalkeyError:
            return None

    def _ask(self, request: Request, until: float) -> Response:
        """Send *request* within what is left until the moment *until*."""
        seconds = self._seconds(until)
        if seconds < waiting.LEAST_REQUEST:
            raise HubSpotUnavailable
        return self._send(replace(request, seconds=seconds))

    def _seconds(self, until: float) -> float:
        return waiting.request_seconds(until - self._clock())
