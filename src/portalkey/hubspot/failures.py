"""Failures of an exchange with HubSpot, each in our own words: an error's own could quote it."""

from typing import ClassVar


class Failure(Exception):
    """No whole answer came; HubSpot may have acted on the request all the same."""

    words: ClassVar[str] = "the connection broke off"
    is_unsent: ClassVar[bool] = False
    """True where nothing of the request left this machine."""

    def __init__(self, cause: BaseException | None = None) -> None:
        """Come of *cause*, whose kind may say more."""
        super().__init__()
        self.cause = cause


class BrokenOff(Failure):
    """The connection ended in the middle."""


class LateAnswer(Failure):
    """The deadline came first."""

    words = "no whole answer came in time"


class NotHTTP(Failure):
    """The other side sent no whole answer."""

    words = "it broke off in the middle, or did not speak HTTP"


class Unsendable(Failure):
    """No request can be made of it."""

    words = "the request cannot be sent"


class Unconnected(Failure):
    """No connection came about."""

    words = "it cannot be connected to"
    is_unsent = True


class LateConnection(Unconnected):
    """The time for connecting was over."""

    words = "no connection came about in time"


class Unresolved(Unconnected):
    """No address is known for the host."""

    words = "its name cannot be resolved"


class Crowded(Failure):
    """Every connection was at work until the deadline."""

    words = "too many requests are under way"
    is_unsent = True


class ProxyFailed(Unconnected):
    """The proxy gave no tunnel: it answered with ``status``, or could not be asked."""

    # Of the refusals, those that pass: too slow, too early, too many.
    _PASSING: ClassVar[frozenset[int]] = frozenset({408, 425, 429})

    def __init__(self, cause: Failure | None = None, status: int | None = None) -> None:
        """Come of *cause*, or of an answer with *status*."""
        super().__init__(cause)
        self.status = status

    @property
    def is_refusal(self) -> bool:
        """True where it says no, as it will until somebody changes something."""
        status = self.status or 0
        return status // 100 == 4 and status not in self._PASSING  # noqa: PLR2004 - RFC 9110 15.5
