"""Whoever can be asked for a token: what they have in common, and portalkey."""

from abc import ABC, abstractmethod
from typing import ClassVar

from bench.place import LIFETIME, OWNER, Place, connect, leave, make_broker
from bench.rounds import Statement


class Asker(ABC):
    """One library, as an app would use it to get one owner's access token."""

    name: ClassVar[str]
    keeps_in_process: ClassVar[bool] = False
    """Whether it holds tokens in memory."""
    asks_an_api: ClassVar[bool] = False
    """Whether it renews a token only as part of a request with it."""

    @abstractmethod
    def __init__(self, place: Place) -> None:
        """Work at *place*, with what ``prepare`` put there."""

    @classmethod
    @abstractmethod
    def prepare(cls, place: Place) -> None:
        """Make the store, once for all processes."""

    @abstractmethod
    def token(self) -> str:
        """A valid token, renewed where that is due."""

    def statement(self) -> Statement:
        """The same, as an app would write it where it stands."""
        return Statement("token()", {"token": self.token})

    @abstractmethod
    def expire(self) -> None:
        """Let the token's life be over, in this process and its store."""

    def empty(self) -> None:  # noqa: B027 - some keep nothing
        """Forget what is held in memory."""

    def close(self) -> None:  # noqa: B027 - some hold nothing
        """Give everything back."""


class Portalkey(Asker):
    """portalkey over the place's database."""

    name = "portalkey"
    keeps_in_process = True

    def __init__(self, place: Place) -> None:
        """Open a broker."""
        self._ahead = 0.0
        self.broker = make_broker(place, lambda: self._ahead)

    @classmethod
    def prepare(cls, place: Place) -> None:
        """Connect one owner."""
        broker = make_broker(place)
        connect(broker, [1])
        broker.close()

    def token(self) -> str:
        """By the public API."""
        return self.broker.access_token(OWNER)

    def statement(self) -> Statement:
        """The public API, called where it is needed."""
        names = {"access_token": self.broker.access_token, "owner": OWNER}
        return Statement("access_token(owner)", names)

    def expire(self) -> None:
        """Let the row be old."""
        leave(self.broker, -1.0)

    def nearly_expire(self) -> None:
        """Let the token be good for some minutes still, and due to be renewed."""
        # Time goes on, as what is open in memory is to be old, too.
        self._ahead += LIFETIME - 200

    def empty(self) -> None:
        """Forget the open tokens."""
        self.broker._tokens.clear()

    def close(self) -> None:
        """Close the broker."""
        self.broker.close()
