"""Keyring and store together: the only thing that holds both."""

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from portalkey.errors import BadAnswer, NotConnected, StoreBusy
from portalkey.model.attempt import Attempt
from portalkey.model.connection import Account, Connection, ConnectionStatus, Grant, SealedGrant
from portalkey.model.events import Event, EventName, Fact
from portalkey.model.taking_over import find_further
from portalkey.vault import copy_mark
from portalkey.vault.attempt_seals import AttemptSeals
from portalkey.vault.keyring import Binding, Keyring
from portalkey.vault.revocations import REFRESH, TRIES, Revocations
from portalkey.vault.store import Renewed, Store, TellRenewal

_ACCESS = "access_token"


class Vault(Revocations, AttemptSeals):
    """Seals what goes into the store, and opens what comes out of it."""

    def __init__(self, keyring: Keyring, store: Store, client_id: str) -> None:
        """Hold *keyring* and *store* for the app of this *client_id* at HubSpot.

        ``place`` is what sentences for the operator call the store.
        """
        self.keyring = keyring
        self.store = store
        self.client_id = client_id
        self.is_copy = False
        self.place = "this store"

    def is_own(self, connection: Connection) -> bool:
        """Return False where the grant of *connection* is another store's, which this copies.

        Raises:
            StoreBusy, StoreUnusable: The store could not be asked.
        """
        return not self.is_copy or copy_mark.is_own(self.store, connection)

    def save(
        self,
        attempt: Attempt,
        grant: Grant,
        account: Account,
        scopes: tuple[str, ...] | None,
        *,
        sent_at: datetime,
        settled: str | None = None,
        wanted: Iterable[str] = (),
        is_sole: bool = False,
    ) -> Connection | None:
        """Seal *grant*, write it as the owner's connection to *account* and end *attempt* so.

        Returns the connection; None where the attempt had ended meanwhile, and nothing was kept.

        Args:
            attempt: The one that was claimed for the exchange, or that asked and got a yes.
            grant: What HubSpot gave, with a refresh token.
            account: Whose grant it is.
            scopes: What was granted, if it is known.
            sent_at: When the token request was sent, by the store's clock.
            settled: What was owed in case that nobody said yes.
            wanted: The scopes that the app needs.
            is_sole: Another owner must not have the account.

        Raises:
            AccountTaken: Another owner has it, or a link would take scopes; nothing was kept.
            BadAnswer: The grant has no refresh token.
            StoreBusy: Others wrote the same each time; nothing was kept.
        """
        for _ in range(TRIES):
            row = self.store.connection_to(attempt.owner, self.client_id, account.hub_id)
            bare = self._start_for(attempt, account, row, scopes, wanted)
            connection = self._bear_first(row, bare, grant, sent_at)
            if self._replace(row, attempt, connection, grant, settled, is_sole=is_sole):
                return connection
            if not self._is_open(attempt):
                return None
        raise StoreBusy

    def _is_open(self, attempt: Attempt) -> bool:
        current = self.store.attempt(attempt.id)
        return current is not None and current.is_open

    def _bear_first(
        self, row: Connection | None, bare: Connection, grant: Grant, sent_at: datetime
    ) -> Connection:
        """Return *bare* with the *grant* of a code, which may not be a copy's own to renew."""
        connection = self._bear_grant(bare, grant, sent_at, now=bare.seen_at)
        is_anothers = self._is_anothers(row, grant.refresh_token)
        return replace(connection, granted_at=None) if is_anothers else connection

    def _is_anothers(self, row: Connection | None, refresh_token: SecretStr | None) -> bool:
        """Return True where HubSpot gave a copy the very token that it was copied with."""
        if not self.is_copy or refresh_token is None or (row is not None and self.is_own(row)):
            return False
        return self.is_held(refresh_token)

    def _replace(
        self,
        row: Connection | None,
        attempt: Attempt,
        connection: Connection,
        grant: Grant,
        settled: str | None,
        *,
        is_sole: bool,
    ) -> bool:
        """Write *connection*, with its *grant*, in the place of *row*.

        HubSpot is owed the refresh token that it replaces, unless that lives on elsewhere.
        """
        owed = self.owe_replaced(row, grant.refresh_token)
        event = build_connected_event(attempt, connection)
        is_written = self.store.connect(
            attempt.id, connection, event=event, owed=owed, settled=settled, is_sole=is_sole
        )
        if is_written and owed is None:
            self.owe_raced(row)
        return is_written

    def _start_for(
        self,
        attempt: Attempt,
        account: Account,
        row: Connection | None,
        scopes: tuple[str, ...] | None,
        wanted: Iterable[str],
    ) -> Connection:
        """Return ``_start_connection`` for *attempt*, with scopes that it has and was asked for."""
        bare = self._start_connection(attempt.owner, account, row)
        # A person in the app asks for all of it anew; only links and installs take something over.
        is_direct = attempt.invitation_id is None and attempt.pending_until is None
        further = attempt.scopes if is_direct else find_further(attempt, row, scopes, wanted)
        return replace(bare, scopes=scopes, further_scopes=further)

    def _start_connection(self, owner: str, account: Account, row: Connection | None) -> Connection:
        """Return the connection without a grant: as in its *row*, or generation 0 of a new one."""
        now = row.seen_at if row else self.store.now()
        return Connection(
            id=row.id if row else secrets.token_urlsafe(16),
            owner=owner,
            client_id=self.client_id,
            account=account.fill_from(row.account) if row else account,
            scopes=None,
            sealed=None,
            access_expires_at=now,
            connected_at=now,
            updated_at=now,
            seen_at=now,
            generation=row.generation if row else 0,
        )

    def open_access(self, connection: Connection) -> SecretStr:
        """Return the access token of *connection*.

        Raises:
            NotConnected: It is disconnected.
            NoKeyOpens: The operator has to bring back its key.
        """
        if connection.sealed is None:
            raise NotConnected
        return self.keyring.open(connection.sealed.access, _bind(connection, _ACCESS))

    def open_refresh(self, connection: Connection) -> SecretStr:
        """Return the refresh token of *connection*; raises like ``open_access``."""
        if connection.sealed is None:
            raise NotConnected
        return self.keyring.open(connection.sealed.refresh, _bind(connection, REFRESH))

    def renew(
        self,
        connection: Connection,
        grant: Grant,
        *,
        sent_at: datetime,
        tell: TellRenewal | None = None,
    ) -> Renewed | None:
        """Write *grant* over the one that *connection* bears; what it lacks goes on (RFC 6749 6).

        Args:
            connection: The connection whose refresh token was sent.
            grant: What HubSpot gave for it.
            sent_at: When the token request was sent, by the store's clock.
            tell: Says what is recorded with the grant, given the status that the row had.

        Returns:
            The connection at its next generation, as of *sent_at*; None where others came first.

        Raises:
            NotConnected: The connection bears no grant.
            NoKeyOpens: The refresh token that should go on does not open.
            StoreBusy: Its seal was changed each time; nothing was written.
        """
        if connection.sealed is None:
            raise NotConnected
        if grant.refresh_token is None:
            grant = replace(grant, refresh_token=self.open_refresh(connection))
        scopes = grant.scopes or connection.scopes
        current: Connection | None = connection
        for _ in range(TRIES):
            if current is None or current.sealed is None:
                return None
            renewed = self._bear_grant(replace(current, scopes=scopes), grant, sent_at, now=sent_at)
            before = self.store.renew(renewed, instead_of=current.sealed.fingerprint, tell=tell)
            if before is not None:
                return Renewed(renewed, tell(before) if tell else None)
            current = self._load_resealed(current, self.open_refresh(connection))
        raise StoreBusy

    def learn_scopes(
        self, connection: Connection, scopes: tuple[str, ...], *, event: Event | None = None
    ) -> bool:
        """Write the *scopes* of *connection*, sealed anew for that; False where others came first.

        *event* is recorded with them. Its status stays: there is no other grant that would heal it.

        Raises:
            NotConnected, NoKeyOpens: As ``open_access`` does.
        """
        access, refresh = self.open_access(connection), self.open_refresh(connection)
        known = replace(connection, scopes=scopes, generation=connection.generation + 1)
        sealed = self.seal_tokens(known, Grant(access, refresh, expires_in=0))
        before = connection.sealed.fingerprint if connection.sealed else ""
        written = self.store.renew(
            replace(known, sealed=sealed),
            instead_of=before,
            status=connection.status,
            tell=lambda _: event,
        )
        return written is not None

    def _load_resealed(self, before: Connection, refresh_token: SecretStr) -> Connection | None:
        """Return the row, where it bears the same *refresh_token* under another key by now.

        Keys may be rotated while HubSpot is asked; its new grant must still be saved then.
        """
        row = self.store.connection(before.id)
        if row is None or row.sealed is None or row.generation != before.generation:
            return None
        return row if row.sealed.fingerprint in self.keyring.fingerprints(refresh_token) else None

    def _bear_grant(
        self, connection: Connection, grant: Grant, sent_at: datetime, *, now: datetime
    ) -> Connection:
        """Return the *connection* at its next generation, bearing *grant*."""
        following = replace(
            connection,
            generation=connection.generation + 1,
            access_expires_at=sent_at + timedelta(seconds=grant.expires_in),
            granted_at=sent_at,
            status=ConnectionStatus.CONNECTED,
            status_reason=None,
            failures=0,
            retry_at=None,
            lease_id=None,
            lease_until=None,
            unanswered_since=None,
            updated_at=now,
            seen_at=now,
        )
        return replace(following, sealed=self.seal_tokens(following, grant))

    def seal_tokens(self, connection: Connection, grant: Grant) -> SealedGrant:
        """Seal *grant* for the row and the generation of *connection*.

        Raises:
            BadAnswer: The grant has no refresh token.
        """
        if grant.refresh_token is None:
            raise BadAnswer("HubSpot's answer holds no refresh token, so nothing was kept.")
        return SealedGrant(
            access=self.keyring.seal(grant.access_token, _bind(connection, _ACCESS)),
            refresh=self.keyring.seal(grant.refresh_token, _bind(connection, REFRESH)),
            fingerprint=self.keyring.fingerprint(grant.refresh_token),
            key_name=self.keyring.first_key_name,
        )


def build_connected_event(attempt: Attempt, connection: Connection) -> Event:
    """Return the event to record with a *connection* that *attempt* made or renewed."""
    name = EventName.CONNECTED if connection.generation == 1 else EventName.RECONNECTED
    facts: dict[str, Fact] = {"hub_id": connection.hub_id}
    if attempt.invitation_id is not None:
        facts["invitation"] = attempt.invitation_id
    return Event(name, attempt.owner, attempt.id, connection.id, facts)


def _bind(connection: Connection, column: str) -> Binding:
    return Binding(connection.client_id, connection.id, column, connection.generation)
