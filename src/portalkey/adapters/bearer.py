"""Core of every adapter: a valid token for a request to HubSpot, and another one after a 401.

The token goes to HubSpot only. Only the owner is kept here; tokens stay with the broker.
"""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from portalkey._support.unpicklable import Unpicklable
from portalkey.errors import NotHubSpot
from portalkey.hubspot.endpoints import HOSTS

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_USUAL = {"http": 80, "https": 443}
_LOG = logging.getLogger("portalkey.adapters")


class Address(Protocol):
    """The address of a request, as the library that sends it has read the URL."""

    @property
    def scheme(self) -> str | None:
        """``https``, as a rule."""

    @property
    def host(self) -> str | None:
        """The host's name."""

    @property
    def port(self) -> int | None:
        """The port, where the URL names one."""


class Bearer(Unpicklable):
    """Source of tokens of one owner's connection, for one HTTP client."""

    def __init__(
        self, broker: "Broker", owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
    ) -> None:
        """Take each token from *broker*; the others are as in ``Broker.access_token``."""
        self._broker = broker
        self._owner, self._hub_id, self._scopes = owner, hub_id, tuple(scopes)
        api = urlsplit(broker.settings.api_url)
        self._api = (api.scheme, api.hostname, api.port or _USUAL[api.scheme])

    def token(self, to: Address) -> str:
        """Return the token for a request *to* this address.

        Raises:
            NotHubSpot: It is not an address of HubSpot's.
            PersonMustAct, OperatorMustAct, TryLater: As ``Broker.access_token`` does.
        """
        self._require_hubspot(to)
        return self._broker.access_token(self._owner, self._hub_id, self._scopes)

    async def token_async(self, to: Address) -> str:
        """Do as ``token``, while the event loop goes on."""
        self._require_hubspot(to)
        return await self._broker.access_token_async(self._owner, self._hub_id, self._scopes)

    def another(self, refused: str) -> str | None:
        """Return the token to repeat a request with that got a 401, or None if there is no other.

        *refused* is the token that it was sent with.

        Raises:
            PersonMustAct, OperatorMustAct, TryLater: As ``Broker.report_unauthorized`` does.
        """
        current = self._broker.report_unauthorized(self._owner, refused, self._hub_id)
        return current if current != refused else None

    async def another_async(self, refused: str) -> str | None:
        """Do as ``another``, while the event loop goes on."""
        current = await self._broker.report_unauthorized_async(self._owner, refused, self._hub_id)
        return current if current != refused else None

    def _require_hubspot(self, to: Address) -> None:
        scheme, host = to.scheme or "", (to.host or "").lower()
        port = to.port or _USUAL.get(scheme)
        if (scheme, host, port) == self._api:
            return
        if (scheme, port) != ("https", 443) or not host.endswith(HOSTS):
            raise NotHubSpot


def header(token: str) -> str:
    """Return the value of ``Authorization`` (RFC 6750, 2.1)."""
    return f"Bearer {token}"


def warn_not_repeated(method: object) -> None:
    """Log that a request was not repeated after its 401."""
    # Without the path, as HubSpot's paths may hold an email address.
    _LOG.warning(
        "HubSpot answered 401 to a %s whose body can be read only once, so it was not repeated; "
        "the token has been renewed: send it again",
        method,
    )
