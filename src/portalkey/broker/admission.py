"""Admission to the token endpoint: permits of the shared throttle, handed out in turn.

One thread of this process at a time asks the store for a portion of permits, and the others wait
for theirs. A permit that was not used goes to the next who waits here. What a process has at hand
is void after a second, or as soon as it sees the breaker open or close.
"""

import math
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from portalkey._support.clock import Clock
from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey.broker.turns import Turns
from portalkey.broker.waiting import Uniform
from portalkey.errors import PortalkeyError
from portalkey.model import breaker
from portalkey.model.throttle import Limits, PortionRequest, Purpose, Throttled

if TYPE_CHECKING:
    from portalkey.vault.vault import Vault

PERMIT_SECONDS = 1.0
"""Seconds after which a permit is void, and after which an open breaker is asked about again."""
PATIENCE = {
    Purpose.CALLER: 8.0,
    Purpose.EXCHANGE: 8.0,
    Purpose.INSTALL: 8.0,
    Purpose.AHEAD: 5.0,
    Purpose.SWEEP: 20.0,
}
"""Seconds that a turn is waited for; with the request itself a caller waits no more than twenty."""
POLL_EVERY = 0.05
"""Seconds between two looks where a test's clock has to be waited for."""
_SHORTEST = 0.001

Pause = Callable[[threading.Event, float], object]
"""Waits for an event, for so many seconds at most."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to send one request to the token endpoint, now.

    ``is_news`` is True where a good answer would change what is known of the token endpoint.
    """

    taken_at: float
    is_news: bool = False
    probe_of: str | None = None


@dataclass(eq=False, slots=True)
class _Waiter:
    purpose: Purpose
    owner: str
    name: str
    since: float
    until: float
    event: threading.Event = field(default_factory=threading.Event)
    outcome: Permit | Throttled | None = None


def polling(sleep: Callable[[float], None]) -> Pause:
    """Return a pause that sleeps a little, for a clock that only *sleep* moves on."""
    return lambda _, seconds: sleep(min(seconds, POLL_EVERY))


class Admission:
    """Hands out permits to the threads of this process."""

    def __init__(
        self,
        vault: "Vault",
        limits: Limits,
        *,
        clock: Clock,
        uniform: Uniform,
        pause: Pause = threading.Event.wait,
    ) -> None:
        """Take permits from the store of *vault*, under the *limits* of all processes."""
        self._vault = vault
        self._limits = limits
        self._clock = clock
        self._uniform = uniform
        self._pause = pause
        self._renew()
        renew_after_fork(self._renew)

    def _renew(self) -> None:
        """Begin with nothing at hand and nobody waiting, as a forked child has to."""
        self._lock = threading.Lock()
        self._turns: Turns[_Waiter] = Turns()
        self._leader: _Waiter | None = None
        self._ask_at = float("-inf")
        self._short_since: float | None = None
        self._denied: Purpose | None = None
        self._at_hand: list[Permit] = []
        self._valid_from = float("-inf")
        self._closed: tuple[Throttled, float] | None = None
        self._bucket: tuple[float, float] | None = None

    def void(self) -> None:
        """Forget what is at hand and what is known, as the breaker has opened or closed."""
        renew_inherited()
        self._at_hand = []
        self._valid_from = self._clock()
        self._closed = None

    def acquire(
        self, purpose: Purpose, owner: str, name: str, until: float = math.inf
    ) -> Permit | Throttled:
        """Return a permit for one request, or how long to wait for the next try, and why.

        Whoever would have to wait for longer than ``PATIENCE`` is told at once.

        Args:
            purpose: The purpose of the request.
            owner: Whom it is for; owners take turns.
            name: The id of the connection; for an exchange, the owner once more.
            until: The moment at which the caller gives up, by the clock.

        Raises:
            StoreBusy, StoreUnusable: The store was to be asked, and is in trouble.
        """
        renew_inherited()
        with self._lock:
            now = self._clock()
            until = min(now + PATIENCE[purpose], until)
            waiter = _Waiter(purpose, owner, name, now, until)
            waiter.outcome = self._decide_at_once(waiter)
            if waiter.outcome is None:
                self._enter(waiter)
        try:
            return waiter.outcome or self._wait(waiter)
        except BaseException:
            if isinstance(waiter.outcome, Permit):
                self.give_back(waiter.outcome)
            raise
        finally:
            self._leave(waiter)

    def give_back(self, permit: Permit) -> None:
        """Give a *permit* back that was not used: the next who waits here gets it. Never raises."""
        renew_inherited()
        if permit.probe_of is not None:
            self.release_probe(permit)
            return
        with self._lock:
            self._at_hand.append(permit)
            self._hand_out()

    def release_probe(self, permit: Permit) -> None:
        """Let another probe at once, where *permit* was for one that told nothing. Never raises."""
        who = permit.probe_of
        if who is None:
            return
        with suppress(PortalkeyError):
            self._vault.store.update_throttle(
                self._vault.client_id, lambda known, now: breaker.release_probe(known, who, now)
            )
        self.void()

    def _decide_at_once(self, waiter: _Waiter) -> Permit | Throttled | None:
        now = waiter.since
        if self._closed is not None:
            refusal, known_at = self._closed
            passed = now - known_at
            if passed < min(refusal.wait, PERMIT_SECONDS):
                return replace(refusal, wait=refusal.wait - passed)
        if not len(self._turns) and (permit := self._pop_permit(now)) is not None:
            return permit
        wait = self._estimate(waiter.purpose, waiter.owner, now)
        return Throttled(wait) if now + wait > waiter.until else None

    def _enter(self, waiter: _Waiter) -> None:
        self._turns.add(waiter)
        urgency = list(Purpose)
        # What was left for the more urgent is there: nobody waits behind the less urgent for it.
        if self._denied and urgency.index(waiter.purpose) < urgency.index(self._denied):
            self._leader, self._ask_at, self._denied = waiter, waiter.since, None

    def _estimate(self, purpose: Purpose, owner: str, now: float) -> float:
        """Return the seconds until the next of *owner* has its turn, if nobody else takes any."""
        content, known_at = self._bucket or (float(self._limits.burst), now)
        content = min(self._limits.burst, content + (now - known_at) * self._limits.rate)
        missing = self._turns.count_before(purpose, owner) + 1 - content - len(self._at_hand)
        return max(0.0, missing / self._limits.rate)

    def _wait(self, waiter: _Waiter) -> Permit | Throttled:
        while True:
            with self._lock:
                waiter.event.clear()
                self._hand_out()
                if waiter.outcome is not None:
                    return waiter.outcome
                now = self._clock()
                if now >= waiter.until:
                    self._turns.discard(waiter)
                    wait = self._estimate(waiter.purpose, waiter.owner, now)
                    return Throttled(max(wait, 1 / self._limits.rate))
                self._leader = self._leader or waiter
                is_leader = self._leader is waiter
                pause = min(self._ask_at, waiter.until) - now if is_leader else waiter.until - now
            if is_leader and pause <= 0:
                self._ask()
            else:
                self._pause(waiter.event, max(pause, _SHORTEST))

    def _ask(self) -> None:
        """Ask the store for a portion, in the name of those who wait."""
        with self._lock:
            first, purpose = self._turns.first(), self._turns.most_urgent()
            most = len(self._turns)
        if first is None or purpose is None:
            return
        now = self._clock()
        waited = max(0.0, now - first.since)
        request = PortionRequest(self._limits, purpose, first.name, waited, most)
        portion = self._vault.store.take_portion(self._vault.client_id, request)
        if isinstance(portion, Throttled):
            with self._lock:
                self._refuse(first, purpose, portion)
            return
        probe_of = first.name if portion.is_probe else None
        permit = Permit(now, portion.is_news, probe_of)
        with self._lock:
            self._bucket, self._ask_at, self._closed = (portion.left, now), now, None
            self._short_since = None
            if probe_of is None:
                self._at_hand += [permit] * portion.count
                self._hand_out()
                return
            is_waiting = first.outcome is None and self._turns.discard(first)
            if is_waiting:
                self._answer(first, permit)
        if not is_waiting:
            self.give_back(permit)

    def _refuse(self, first: _Waiter, purpose: Purpose, refusal: Throttled) -> None:
        now = self._clock()
        if refusal.reason is None:
            self._bucket, self._denied = (refusal.left, now), purpose
            if self._short_since is None:
                self._short_since = now
            # Not all processes at the moment at which the next permit drops in: the longer one has
            # had none, the sooner.
            turns = 1 + (now - self._short_since) * self._limits.rate
            pause = self._uniform(0.0, 1.0) / self._limits.rate / turns
            self._ask_at = now + max(refusal.wait, _SHORTEST) + pause
            return
        self._ask_at = now
        if not refusal.is_for_all:
            self._turns.discard(first)
            self._answer(first, refusal)
            return
        self.void()
        self._closed = (refusal, now)
        while len(self._turns):
            self._answer(self._turns.pop(), refusal)

    def _hand_out(self) -> None:
        while len(self._turns):
            permit = self._pop_permit(self._clock())
            if permit is None:
                return
            self._answer(self._turns.pop(), permit)

    def _pop_permit(self, now: float) -> Permit | None:
        while self._at_hand:
            permit = self._at_hand.pop()
            if permit.taken_at >= max(self._valid_from, now - PERMIT_SECONDS):
                return permit
        return None

    def _answer(self, waiter: _Waiter, outcome: Permit | Throttled) -> None:
        waiter.outcome = outcome
        waiter.event.set()

    def _leave(self, waiter: _Waiter) -> None:
        with self._lock:
            self._turns.discard(waiter)
            if self._leader is waiter:
                self._leader = None
            following = self._turns.first()
            if self._leader is None and following is not None:
                following.event.set()
