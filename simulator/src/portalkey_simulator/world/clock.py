"""A clock that a test can move."""

import time


class Clock:
    """The time of day, ahead of the machine's by as much as it was moved."""

    def __init__(self) -> None:
        self._ahead = 0.0

    @property
    def ahead(self) -> float:
        """The seconds by which it is ahead of the machine's."""
        return self._ahead

    def now(self) -> float:
        """Return the simulated time, in seconds since 1970 in UTC."""
        return time.time() + self._ahead

    def move(self, seconds: float) -> None:
        """Go ahead by *seconds*, or back where they are negative."""
        self._ahead += seconds
