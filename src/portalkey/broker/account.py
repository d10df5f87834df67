"""One connected account in the hands of a script or a worker."""

from collections.abc import Iterable
from typing import Protocol

from portalkey.model.connection import Connection


class _Tokens(Protocol):
    """Where the tokens come from: a broker."""

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
        """Whose connection it is."""
        return self.connection.owner

    @property
    def hub_id(self) -> int:
        """The HubSpot account; the block stays with it, whatever is connected meanwhile."""
        return self.connection.hub_id

    def access_token(self, scopes: Iterable[str] = ()) -> str:
        """A token that is valid now: ask before each request, keep it for none.

        Raises:
            RuntimeError: The block is over; begin another for more work.
            PersonMustAct, OperatorMustAct, TryLater: As ``Broker.access_token`` does.
        """
        self._require_open()
        return self._tokens.access_token(self.owner, self.hub_id, scopes)

    def report_unauthorized(self, token: str) -> str:
        """The token to repeat a request with that HubSpot answered with 401, once.

        Raises:
            RuntimeError: The block is over.
            PersonMustAct, OperatorMustAct, TryLater: As ``Broker.report_unauthorized`` does.
        """
        self._require_open()
        return self._tokens.report_unauthorized(self.owner, token, self.hub_id)

    def end(self) -> None:
        """No more tokens: work that outlives its block must not go on unseen."""
        self._is_over = True

    def _require_open(self) -> None:
        if self._is_over:
            raise RuntimeError("this account's with block is over; begin another one")
