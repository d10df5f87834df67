"""Account handle: one connected account for a script or a worker."""

from collections.abc import Iterable
from typing import Protocol

from portalkey.model.connection import Connection


class _Tokens(Protocol):
    """The source of tokens: a broker."""

    def access_token(self, owner: str, hub_id: int | None, scopes: Iterable[str] = ()) -> str: ...

    def report_unauthorized(self, owner: str, token: str, hub_id: int | None) -> str: ...


class AccountHandle:
    """An account that is connected, for as long as a ``with broker.using(...)`` lasts.

    ``connection`` is as it stood when the block began: whose it is, which account, its scopes.
    """

    def __init__(self, tokens: _Tokens, connection: Connection) -> None:
        self.connection = connection
        self._tokens = tokens
        self._is_over = False

    @property
    def owner(self) -> str:
        """The owner of the connection."""
        return self.connection.owner

    @property
    def hub_id(self) -> int:
        """The HubSpot account; the block stays with it, whatever is connected meanwhile."""
        return self.connection.hub_id

    def access_token(self, scopes: Iterable[str] = ()) -> str:
        """Return a token that is valid now; ask for it before each request.

        Raises:
            RuntimeError: The block is over; begin another for more work.
            PersonMustAct, OperatorMustAct, TryLater: As ``Broker.access_token`` does.
        """
        self._require_open()
        return self._tokens.access_token(self.owner, self.hub_id, scopes)

    def report_unauthorized(self, token: str) -> str:
        """Return the token to repeat a request with, once, that HubSpot answered with 401.

        Raises:
            RuntimeError: The block is over.
            PersonMustAct, OperatorMustAct, TryLater: As ``Broker.report_unauthorized`` does.
        """
        self._require_open()
        return self._tokens.report_unauthorized(self.owner, token, self.hub_id)

    def end(self) -> None:
        """Hand out no more tokens: work must not outlive its block unseen."""
        self._is_over = True

    def _require_open(self) -> None:
        if self._is_over:
            raise RuntimeError(
                "The with block of broker.using() has ended, and gives no more tokens; work "
                "inside it, or begin another."
            )
