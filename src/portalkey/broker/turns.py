"""Order of turns: purposes by their shares, and within a purpose one owner after the other."""

from collections import OrderedDict, deque
from typing import Generic, Protocol, TypeVar

from portalkey.model.throttle import Purpose

SHARES = {
    Purpose.CALLER: 8,
    Purpose.EXCHANGE: 4,
    Purpose.INSTALL: 1,
    Purpose.AHEAD: 2,
    Purpose.SWEEP: 1,
}
"""Turns of each purpose while all of them have somebody who waits."""


class HasTurn(Protocol):
    """Somebody who waits for a turn."""

    @property
    def purpose(self) -> Purpose:
        """The purpose of the request."""

    @property
    def owner(self) -> str:
        """The owner for whom it is."""


T = TypeVar("T", bound=HasTurn)


class Turns(Generic[T]):
    """A queue in which nobody waits behind all that another owner wants."""

    def __init__(self) -> None:
        self._waiting: dict[Purpose, OrderedDict[str, deque[T]]] = {
            purpose: OrderedDict() for purpose in Purpose
        }
        self._numbers = dict.fromkeys(Purpose, 0)
        self._due = dict.fromkeys(Purpose, 0.0)
        self._now = 0.0
        self._last: dict[Purpose, str] = {}

    def __len__(self) -> int:
        """Return how many wait."""
        return sum(self._numbers.values())

    def add(self, waiter: T) -> None:
        """Let *waiter* wait behind those of its own purpose and owner."""
        owners = self._waiting[waiter.purpose]
        if not owners:
            # Nobody saves up turns by not coming.
            due = self._now + 1 / SHARES[waiter.purpose]
            self._due[waiter.purpose] = max(self._due[waiter.purpose], due)
        is_new = waiter.owner not in owners
        owners.setdefault(waiter.owner, deque()).append(waiter)
        self._numbers[waiter.purpose] += 1
        last = self._last.get(waiter.purpose)
        if is_new and last is not None and last in owners and last != waiter.owner:
            # Whoever had the last turn waits behind the newcomer, who has had none.
            owners.move_to_end(last)

    def first(self) -> T | None:
        """Return whose turn is next, who goes on waiting."""
        purpose = self._next_purpose()
        return None if purpose is None else next(iter(self._waiting[purpose].values()))[0]

    def pop(self) -> T:
        """Return whose turn it is; the next turn of its purpose is another owner's."""
        purpose = self._next_purpose()
        if purpose is None:
            raise IndexError
        owners = self._waiting[purpose]
        owner, waiters = next(iter(owners.items()))
        waiter = waiters.popleft()
        self._numbers[purpose] -= 1
        owners.move_to_end(owner)
        self._last[purpose] = owner
        if not waiters:
            del owners[owner]
        self._now = self._due[purpose]
        self._due[purpose] += 1 / SHARES[purpose]
        return waiter

    def discard(self, waiter: T) -> bool:
        """Let *waiter* wait no longer; False where it did not wait."""
        owners = self._waiting[waiter.purpose]
        waiters = owners.get(waiter.owner)
        if waiters is None or waiter not in waiters:
            return False
        waiters.remove(waiter)
        self._numbers[waiter.purpose] -= 1
        if not waiters:
            del owners[waiter.owner]
        return True

    def most_urgent(self) -> Purpose | None:
        """Return the most urgent purpose that somebody waits for."""
        return next((purpose for purpose, number in self._numbers.items() if number), None)

    def count_before(self, purpose: Purpose, owner: str) -> int:
        """Return how many have their turn before another one of this *purpose* and *owner*."""
        if not len(self):
            return 0
        owners = self._waiting[purpose]
        own = len(owners.get(owner, ()))
        same = sum(min(len(each), own + 1) for name, each in owners.items() if name != owner)
        share, turns = SHARES[purpose], own + same + 1
        others = (
            min(number, turns * SHARES[other] // share)
            for other, number in self._numbers.items()
            if other is not purpose
        )
        return own + same + sum(others)

    def _next_purpose(self) -> Purpose | None:
        waiting = [purpose for purpose, number in self._numbers.items() if number]
        return min(waiting, key=self._due.__getitem__, default=None)
