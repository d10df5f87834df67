"""Adopts a grant that was made elsewhere: no person is on the way, and nothing is written over.

The new connection has no valid access token: its first use renews it.
"""

import secrets
from dataclasses import replace
from datetime import datetime

from pydantic import SecretStr

from portalkey.model.connection import Account, Connection, Grant
from portalkey.model.events import Event, EventName, Fact
from portalkey.vault.vault import Vault


class Adoption(Vault):
    """Vault that also takes refresh tokens which another program was given."""

    def adopt(
        self,
        owner: str,
        refresh_token: SecretStr,
        account: Account,
        scopes: tuple[str, ...] | None,
        *,
        imported_from: str,
    ) -> Event | None:
        """Seal *refresh_token* and write it as a new connection of *owner* to *account*.

        Args:
            owner: Whom the app says it belongs to.
            refresh_token: HubSpot honours it for this app.
            account: Whose grant it is.
            scopes: What was granted, if it is known.
            imported_from: What the audit names as its origin.

        Returns:
            What was recorded with it; None where the owner has a connection to that account
            already, of whatever status, which stays as it is.
        """
        now = self.store.now()
        connection = self._build_connection(owner, refresh_token, account, scopes, now)
        facts: dict[str, Fact] = {"hub_id": account.hub_id, "imported_from": imported_from}
        event = Event(EventName.CONNECTED, owner, None, connection.id, facts)
        return event if self.store.connect(None, connection, event=event) else None

    def _build_connection(
        self,
        owner: str,
        refresh_token: SecretStr,
        account: Account,
        scopes: tuple[str, ...] | None,
        now: datetime,
    ) -> Connection:
        connection = Connection(
            id=secrets.token_urlsafe(16),
            owner=owner,
            client_id=self.client_id,
            account=account,
            scopes=scopes,
            sealed=None,
            access_expires_at=now,
            connected_at=now,
            updated_at=now,
            seen_at=now,
        )
        grant = Grant(access_token=SecretStr(""), refresh_token=refresh_token, expires_in=0)
        return replace(connection, sealed=self.seal_tokens(connection, grant))
