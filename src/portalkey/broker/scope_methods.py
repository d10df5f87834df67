"""Scopes that a caller needs and a connection lacks: a signed link asks for just these."""

from collections.abc import Iterable
from urllib.parse import urlencode

from portalkey.errors import ScopesMissing
from portalkey.hubspot.scopes import parse_further
from portalkey.model.connection import find_missing
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

_PURPOSE = "scopes"


class ScopeMethods:
    """The Broker's methods about the scopes that one connection needs."""

    settings: Settings
    vault: Vault

    def is_asking_for(self, connection_id: str, scopes: Iterable[str], signature: str) -> bool:
        """Return True where this app has signed a link that asks this connection for *scopes*."""
        return self.vault.keyring.is_signed(signature, _PURPOSE, connection_id, *scopes)

    def _require_scopes(
        self, connection_id: str, granted: tuple[str, ...] | None, wanted: Iterable[str]
    ) -> None:
        """Return where all of the *wanted* scopes were *granted*, or nobody knows yet.

        Raises:
            ScopesMissing: Some are missing.
        """
        missing = find_missing(granted, wanted)
        if missing:
            raise ScopesMissing(missing, reconnect_url=self._reconnect_url(connection_id, missing))

    def _reconnect_url(self, connection_id: str, scopes: tuple[str, ...]) -> str | None:
        """Return the setup page's address for this; None where no link can ask for *scopes*."""
        try:
            asked = parse_further(scopes)
        except ValueError:
            return None
        signature = self.vault.keyring.sign(_PURPOSE, connection_id, *asked)
        query = {"reconnect": connection_id, "scopes": " ".join(asked), "signed": signature}
        settings = self.settings
        return f"{settings.public_url}{settings.mount}/connections/setup?{urlencode(query)}"
