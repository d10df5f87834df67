"""Methods of the Broker for web faces and commands, so that neither reaches past it."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, TypeVar

from pydantic import SecretStr

from portalkey._support.background import Background
from portalkey._support.clock import Clock
from portalkey._support.time_limit import moment
from portalkey.broker import waiting
from portalkey.broker.caller_gate import GateClosed
from portalkey.broker.introspect import LEARN_SECONDS
from portalkey.errors import NotConnected, PortalkeyError
from portalkey.model.attempt import Attempt
from portalkey.model.authorization import (
    AttemptCookies,
    AuthorizationOptions,
    Callback,
    LinkCookies,
    Started,
    Visitor,
    find_match,
)
from portalkey.model.connection import (
    Connection,
    ConnectionStatus,
    choose_connection,
    require_owner,
)
from portalkey.model.events import Event, EventName
from portalkey.settings.settings import Settings
from portalkey.vault.attempt_seals import Question
from portalkey.vault.health import PROOFS, probe
from portalkey.vault.store import Store
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.audit import Audit
    from portalkey.broker.caller_gate import CallerGate
    from portalkey.broker.counters import Counters
    from portalkey.broker.installs import Installs
    from portalkey.broker.introspect import Introspector
    from portalkey.broker.token_cache import TokenCache

S = TypeVar("S", bound=Store)


@dataclass(frozen=True, slots=True)
class DeliveredToken:
    """An access token for the page that opened the popup, and for how many seconds it lives on."""

    access_token: str = field(repr=False)
    expires_in: int


class WebMethods:
    """The Broker's methods that an app never needs itself."""

    settings: Settings
    vault: Vault
    audit: "Audit"
    attempts: "Installs"
    introspector: "Introspector"
    _counters: "Counters"
    _tokens: "TokenCache"
    _gate: "CallerGate"
    _clock: Clock
    _retry_at: float
    _background: Background

    @abstractmethod
    def send_owed(self, at_most: int = 5) -> int:
        """Send HubSpot what it is still owed; see ``Broker.send_owed``."""

    @abstractmethod
    def announce(self) -> None:
        """Write into the store which keys this process has; see ``OperatorMethods.announce``."""

    @abstractmethod
    def _heal(self, rows: Sequence[Connection]) -> Sequence[Connection]:
        """Return *rows* as they stand, once what a missing key had marked is looked at again."""

    @abstractmethod
    def _work_on_the_side(self) -> None:
        """Start in the background what is due once a minute."""

    def begin(
        self, owner: str, browser: str, options: AuthorizationOptions | None = None
    ) -> Started:
        """Begin an attempt of *owner* in *browser*; see ``Attempts.begin``."""
        require_owner(owner)
        started = self.attempts.begin(owner, browser, options or AuthorizationOptions())
        if self._clock() >= self._retry_at:
            self._work_on_the_side()
        return started

    def finish(self, callback: Callback) -> Attempt:
        """Bring the attempt that *callback* belongs to to its end; see ``Attempts.finish``."""
        attempt = self.attempts.finish(callback)
        self._tokens.evict(attempt.owner)
        return attempt

    def now(self) -> datetime:
        """Return the store's time, in UTC; within a request, that of one look at its clock.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        return moment(self.vault.store)

    def sign(self, purpose: str, *parts: str) -> str:
        """Sign *parts* for one *purpose*, with the first key."""
        return self.vault.keyring.sign(purpose, *parts)

    def is_signed(self, signature: str, purpose: str, *parts: str) -> bool:
        """Return True where *signature* is that of *parts* for this *purpose*, by any key."""
        return self.vault.keyring.is_signed(signature, purpose, *parts)

    def derive_keys(self, purpose: str) -> Sequence[SecretStr]:
        """Derive one secret for each key, the first key's first, for signatures of a host's own."""
        return self.vault.keyring.derive(purpose)

    def seal_return(self, name: str, query: SecretStr) -> str:
        """Seal what HubSpot answered, for a cookie of this *name* in the browser that it is of."""
        return self.vault.seal_return(name, query)

    def open_return(self, name: str, sealed: str) -> SecretStr | None:
        """Open what ``seal_return`` sealed under this *name*; None for anything else."""
        return self.vault.open_return(name, sealed)

    def complete(self, attempt: Attempt, visitor: Visitor) -> Attempt:
        """Finish an attempt whose code is parked; see ``Attempts.complete``."""
        return self.attempts.complete(attempt, visitor)

    def question_of(self, attempt: Attempt) -> Question:
        """Return which account *attempt* asks about; raises like ``Vault.open_grant``."""
        return self.vault.question_of(attempt)

    def confirm(self, attempt: Attempt, visitor: Visitor) -> Attempt:
        """Attach the account that *attempt* asks about; see ``AttemptEnds.confirm``."""
        attempt = self.attempts.confirm(attempt, visitor)
        self._tokens.evict(attempt.owner)
        return attempt

    def cancel(self, attempt: Attempt) -> None:
        """End *attempt* as cancelled, unless it has ended already, and give back its grant."""
        if self.attempts.cancel(attempt):
            self._background.start("owed", self.send_owed)

    def has_attempt(self, attempt_id: str) -> bool:
        """Return True where an attempt of this id was begun, by whomever."""
        return self.vault.store.attempt(attempt_id) is not None

    def attempt_of_session(self, attempt_id: str, visitor: Visitor) -> Attempt | None:
        """Return the attempt if *visitor* began it, in this very session; else None."""
        return self.attempts.begun_by(attempt_id, visitor)

    def find_status(
        self, attempt_id: str, visitor: Visitor
    ) -> tuple[Attempt | None, Sequence[Connection]]:
        """Return the attempt that *visitor* began, in whichever session, and their connections.

        By one look at the store, as a page that waits asks often. Else None and nothing.
        """
        attempt, rows = self.attempts.find_status(attempt_id, visitor)
        return attempt, self._heal(rows)

    def attempt_of_browser(
        self, attempt_id: str, cookies: AttemptCookies, links: LinkCookies | None = None
    ) -> Attempt | None:
        """Return the attempt if this browser began it; see ``AttemptStarts.of_browser``."""
        return self.attempts.of_browser(attempt_id, cookies, links)

    def cookie_of(self, attempt: Attempt, cookies: AttemptCookies) -> SecretStr | None:
        """Return the one of the browser's *cookies* that is the *attempt*'s own, if one is."""
        return find_match(attempt.cookie_hash, cookies.get(attempt.id, ()))

    def connection_of(self, attempt: Attempt) -> Connection | None:
        """Return the connection that *attempt* made or renewed, if there is one."""
        return self.vault.store.connection(attempt.connection_id or "")

    def connection_of_owner(self, owner: str, connection_id: str) -> Connection | None:
        """Return *owner*'s connection of that id, whatever its status, if there is one."""
        connection = self.vault.store.connection(connection_id)
        if connection is None or connection.client_id != self.settings.client_id:
            return None
        return connection if connection.owner == owner else None

    def deliver(self, attempt: Attempt) -> DeliveredToken | None:
        """Hand the access token of a connected *attempt* to the page that opened the popup, once.

        Returns:
            None where it was handed out already, or too long ago.

        Raises:
            NotConnected: The connection is gone.
            PersonMustAct, OperatorMustAct, TryLater: As ``Broker.access_token`` does.
        """
        connection = self.connection_of(attempt)
        if connection is None:
            raise NotConnected
        if not attempt.is_deliverable:
            return None
        cached = self._tokens.get(
            attempt.owner,
            connection.hub_id,
            lambda: choose_connection(
                self.vault.store.connections(attempt.owner, self.settings.client_id),
                connection.hub_id,
            ),
        )
        if not self.vault.store.deliver(attempt.id):
            return None
        self.audit.record(
            EventName.DELIVERED,
            owner=attempt.owner,
            attempt_id=attempt.id,
            connection_id=connection.id,
        )
        next(cached.takes)
        current = self.connection_of(attempt) or connection
        return DeliveredToken(cached.token, max(0, int(current.seconds_left)))

    def check_connections(self, connections: Sequence[Connection]) -> None:
        """Ask HubSpot whether it still honours *connections*; never raises.

        Where HubSpot does not say, what the store says stands. All questions together are given the
        time that one caller may wait.
        """
        until = self._clock() + waiting.LONGEST
        owner = connections[0].owner if connections else ""
        with suppress(GateClosed), self._gate.place(owner):
            for connection in connections:
                seconds = waiting.request_seconds(until - self._clock())
                if connection.is_authenticated and seconds >= waiting.LEAST_REQUEST:
                    with suppress(PortalkeyError):
                        self.introspector.check(connection, seconds)

    def _learn_scopes(self, connection_id: str) -> None:
        """Ask HubSpot what a connection has granted, as nobody has said so yet."""
        connection = self.vault.store.connection(connection_id)
        if connection is not None and connection.is_authenticated:
            self.introspector.check(connection, every=LEARN_SECONDS)

    def count_forgery(self, owner: str | None, check: str) -> None:
        """Count and announce a forged request, in *owner*'s browser or nobody's; never raises."""
        self.audit.count(Event(EventName.FORGERY_REFUSED, owner, facts={"check": check}))

    def is_store_well(self) -> bool:
        """Return False while what this process last wrote failed; a write is tried then.

        A store that can be read and not written, as on a full disk, looks well to who only reads.
        """
        health = self.vault.store.health
        with suppress(PortalkeyError):
            for _ in takewhile(lambda _: health.trouble is not None, range(PROOFS)):
                probe(self.vault.store)
        return health.trouble is None

    @property
    def is_personal(self) -> bool:
        """True where connections are in visitors' own sessions."""
        return self.vault.store.is_personal

    def wrap_store(self, wrap: Callable[[Store], S]) -> S:
        """Put what *wrap* makes of the store in its place; for a skin, before the first request."""
        self.vault.store = store = wrap(self.vault.store)
        self._tokens.clear()
        self.announce()
        return store

    def live_connection_to(self, owner: str, hub_id: int) -> Connection | None:
        """Return *owner*'s connection to that account, if there is one that was not ended."""
        row = self.connection_to(owner, hub_id)
        return row if row is not None and row.status is not ConnectionStatus.DISCONNECTED else None

    def connection_to(self, owner: str, hub_id: int) -> Connection | None:
        """Return *owner*'s connection to that account, whatever its status, if there is one."""
        return self.vault.store.connection_to(owner, self.settings.client_id, hub_id)
