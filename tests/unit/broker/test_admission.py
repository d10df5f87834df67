"""Permits of the shared throttle, handed out in turn to the threads of a process."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from portalkey.broker.admission import PATIENCE, PERMIT_SECONDS, Admission, Permit, polling
from portalkey.errors import StoreBusy
from portalkey.model.breaker import Trouble, record_answer, record_failure
from portalkey.model.throttle import (
    Limits,
    Portion,
    PortionRequest,
    Purpose,
    Throttle,
    Throttled,
)
from portalkey.settings import Key
from portalkey.testing import Ahead
from portalkey.vault import Keyring, MemoryStore, Vault
from portalkey.vault.keyring import new_key

START = datetime(2026, 11, 22, tzinfo=UTC)
APP = "app"


class Counting(MemoryStore):
    """Counts portions, and may do something before it gives one."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.asked = list[PortionRequest]()
        self.before: Callable[[], object] = lambda: None

    def take_portion(self, client_id: str, request: PortionRequest) -> Portion | Throttled:
        """As ever."""
        self.asked.append(request)
        self.before()
        return super().take_portion(client_id, request)


def _fail(trouble: Trouble, throttle: Throttle, now: datetime) -> Throttle:
    return record_failure(throttle, trouble, now)


class Place:
    """One store, and processes that take permits from it, on a clock of the test's."""

    def __init__(self) -> None:
        self.time = Ahead()
        self.store = Counting(lambda: START + timedelta(seconds=self.time()))
        self.before_sleep: Callable[[], object] = lambda: None

    def process(self, rate: float = 10.0, burst: int = 20) -> Admission:
        """Another process."""
        return Admission(
            Vault(Keyring([Key("a", new_key())]), self.store, APP),
            Limits(rate, burst),
            clock=self.time,
            uniform=lambda low, high: (low + high) / 2,
            pause=polling(self._sleep),
        )

    def _sleep(self, seconds: float) -> None:
        self.before_sleep()
        self.time.passes(seconds)

    def change(self, change: Callable[[Throttle, datetime], Throttle]) -> None:
        """Change the throttle, as another process does."""
        assert self.store.update_throttle(APP, change)

    def open(self, said: float = 0.0) -> None:
        """Three connections of another process fail."""
        for who in ("one", "two", "three"):
            trouble = Trouble(who, f"owner of {who}", "hubspot_unavailable", said)
            self.change(partial(_fail, trouble))


@pytest.fixture
def place() -> Place:
    """A place without anybody."""
    return Place()


def take(admission: Admission, owner: str = "ada", purpose: Purpose = Purpose.CALLER) -> Permit:
    """A permit, which has to be granted."""
    permit = admission.acquire(purpose, owner, f"of {owner}")
    assert isinstance(permit, Permit), permit
    return permit


def refused(
    admission: Admission, name: str = "of ada", purpose: Purpose = Purpose.CALLER
) -> Throttled:
    """The refusal of a permit."""
    refusal = admission.acquire(purpose, "ada", name)
    assert isinstance(refusal, Throttled), refusal
    return refusal


def test_nothing_is_taken_that_nobody_waits_for(place: Place) -> None:
    """A permit that lies about would come on top of a full bucket."""
    admission = place.process(rate=100.0)
    for _ in range(5):
        take(admission)

    assert [each.most for each in place.store.asked] == [1] * 5


def test_the_first_asks_at_once_whatever_the_clock_says(place: Place) -> None:
    """A clock may start anywhere: on a machine that has just begun, or that went back in a test."""
    place.time.passes(-5000)

    take(place.process())

    assert place.time() == -5000


def test_a_portion_is_void_after_a_second(place: Place) -> None:
    """Nobody saves up permits."""
    admission = place.process(rate=100.0)
    take(admission)
    place.time.passes(PERMIT_SECONDS + 0.1)
    take(admission)

    assert len(place.store.asked) == 2


def test_a_portion_is_void_where_the_breaker_changes(place: Place) -> None:
    """What was taken before it opened is not sent into it, not even what comes back late."""
    admission = place.process(rate=100.0)
    permit = take(admission)
    place.time.passes(0.1)
    place.open()
    admission.void()
    admission.give_back(permit)

    assert refused(admission).reason == "hubspot_unavailable"


def test_a_permit_that_comes_back_is_the_next_ones(place: Place) -> None:
    """The store is not asked for another one."""
    admission = place.process()
    admission.give_back(take(admission))
    take(admission)

    assert len(place.store.asked) == 1


def test_an_empty_bucket_is_waited_for(place: Place) -> None:
    """For as long as the next permit takes."""
    admission = place.process(rate=1.0, burst=1)
    take(admission)
    take(admission)

    assert 1.0 <= place.time() < 2.0


def test_who_would_wait_for_too_long_hears_at_once(place: Place) -> None:
    """And when to come back."""
    admission = place.process(rate=0.1, burst=1)
    take(admission)
    refusal = refused(admission)
    assert (refusal.reason, place.time()) == (None, 0)

    assert refusal.wait == pytest.approx(10.0)


def test_who_has_waited_for_too_long_goes(place: Place) -> None:
    """Others took what was to come."""
    admission = place.process(rate=1.0, burst=1)
    take(admission)
    other = place.process(rate=1.0, burst=1)
    place.before_sleep = lambda: place.store.take_portion(APP, PortionRequest(other._limits))

    assert refused(admission).wait >= 1.0
    assert PATIENCE[Purpose.CALLER] <= place.time() < PATIENCE[Purpose.CALLER] + 1


def test_a_caller_with_less_time_waits_for_less(place: Place) -> None:
    """Until the moment that it names."""
    admission = place.process(rate=1.0, burst=1)
    take(admission)
    place.before_sleep = lambda: place.store.take_portion(APP, PortionRequest(admission._limits))

    assert isinstance(admission.acquire(Purpose.CALLER, "ada", "x", place.time() + 2), Throttled)
    assert 2 <= place.time() < 3


def test_an_open_breaker_is_told_at_once(place: Place) -> None:
    """And the store is not asked again before a second has passed."""
    admission = place.process()
    take(admission)
    place.open()

    assert refused(admission).reason == "hubspot_unavailable"
    place.time.passes(0.5)
    assert refused(admission).wait == pytest.approx(9.5)
    assert len(place.store.asked) == 2
    place.time.passes(0.6)
    place.change(lambda known, _: record_answer(known))
    assert take(admission)


def test_a_probe_is_one_permit(place: Place) -> None:
    """Once it is due; where it was not used, another may have it at once."""
    admission = place.process(rate=100.0)
    take(admission)
    place.open()
    place.time.passes(10.5)
    probe = take(admission)
    assert probe.probe_of == "of ada"

    assert refused(admission).reason == "hubspot_unavailable"
    admission.give_back(probe)
    assert take(admission, "eve").probe_of == "of eve"


def test_a_probe_is_anothers_first(place: Place) -> None:
    """One that failed hears when its own turn would be, and nobody else is held up."""
    admission = place.process()
    take(admission)
    place.open()
    place.time.passes(10.5)

    refusal = refused(admission, "one")
    assert (refusal.is_for_all, refusal.reason) == (False, "hubspot_unavailable")
    assert take(admission, "eve").probe_of


def test_a_store_in_trouble_is_the_callers(place: Place) -> None:
    """It hears of it, and whoever comes next asks anew."""
    admission = place.process()

    def fail() -> None:
        raise StoreBusy

    place.store.before = fail
    with pytest.raises(StoreBusy):
        take(admission)
    place.store.before = lambda: None

    assert take(admission)


def test_who_is_interrupted_gives_its_permit_back(place: Place) -> None:
    """A time limit of the server's may strike at any moment."""
    admission = place.process(rate=1.0, burst=1)
    take(admission)

    class Interrupt(BaseException):
        pass

    def strike() -> None:
        (waiter,) = (admission._turns.pop(),)
        admission._answer(waiter, Permit(place.time()))
        raise Interrupt

    place.before_sleep = strike
    with pytest.raises(Interrupt):
        take(admission)
    place.before_sleep = lambda: None
    asked = len(place.store.asked)
    assert take(admission)
    assert len(place.store.asked) == asked


def test_a_probe_for_somebody_who_has_gone(place: Place) -> None:
    """It goes back, so that the next may have it."""
    admission = place.process()
    take(admission)
    place.open()
    place.time.passes(10.5)

    def leave() -> None:
        first = admission._turns.first()
        assert first
        admission._turns.discard(first)
        place.store.before = lambda: None
        first.outcome = Throttled(1.0)

    place.store.before = leave
    refused(admission)
    assert take(admission, "eve").probe_of


def test_nobody_to_ask_for(place: Place) -> None:
    """Whoever was to ask has its answer already."""
    admission = place.process()
    admission._ask()

    assert place.store.asked == []


def test_a_small_owner_does_not_wait_behind_a_large_one() -> None:
    """With real threads: many of one owner wait, and the one of another is next but one."""
    vault = Vault(Keyring([Key("a", new_key())]), MemoryStore(), APP)
    limits = Limits(50.0, 1)
    admission = Admission(vault, limits, clock=time.monotonic, uniform=lambda low, _: low)
    order = list[str]()

    def ask(owner: str) -> None:
        if isinstance(admission.acquire(Purpose.CALLER, owner, owner), Permit):
            order.append(owner)

    with ThreadPoolExecutor(31) as pool:
        for _ in range(30):
            pool.submit(ask, "large")
        while len(admission._turns) < 20:
            time.sleep(0.001)
        before = len(order)
        pool.submit(ask, "small").result()

    assert len(order) == 31
    assert order.index("small") <= before + 4


def test_a_caller_does_not_wait_behind_what_is_less_urgent(place: Place) -> None:
    """What was left in the bucket for it is there at once."""
    admission = place.process(rate=0.5, burst=5)
    for _ in range(4):
        take(admission)
    moments = list[float]()

    def come() -> None:
        if not moments:
            take(admission, "eve")
            moments.append(place.time())

    place.before_sleep = come
    admission.acquire(Purpose.AHEAD, "ada", "of ada")

    assert moments == [0]


@pytest.mark.parametrize("purpose", [Purpose.AHEAD, Purpose.SWEEP])
def test_who_waits_with_callers_has_its_share(place: Place, purpose: Purpose) -> None:
    """What a process asks for is asked in the name of the most urgent of its waiters."""
    admission = place.process(rate=1.0, burst=4)
    for _ in range(4):
        take(admission)
    waiter: Any = take(admission, purpose=purpose)

    assert waiter
    assert {each.purpose for each in place.store.asked} == {Purpose.CALLER, purpose}
