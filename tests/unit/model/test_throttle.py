"""The token endpoint's bucket: permits in portions, and who gets them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalkey.model.throttle import (
    LONGEST_WAIT,
    PORTION_SECONDS,
    Limits,
    Portion,
    PortionRequest,
    Purpose,
    Throttle,
    Throttled,
    new_throttle,
    portion_size,
    take_portion,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LIMITS = Limits(rate=2.0, burst=4)


def later(seconds: float) -> datetime:
    """So many seconds after the start."""
    return NOW + timedelta(seconds=seconds)


def ask(
    throttle: Throttle,
    at: float,
    purpose: Purpose = Purpose.CALLER,
    *,
    limits: Limits = LIMITS,
    waited: float = 0.0,
) -> tuple[Portion, Throttle] | Throttled:
    """What a process gets that asks at that time."""
    return take_portion(throttle, PortionRequest(limits, purpose, "me", waited), later(at))


def go(throttle: Throttle, at: float, purpose: Purpose = Purpose.CALLER) -> Throttle:
    """The throttle after one request, which is let through."""
    outcome = ask(throttle, at, purpose)
    assert not isinstance(outcome, Throttled)
    return outcome[1]


def refused(throttle: Throttle, at: float, purpose: Purpose = Purpose.CALLER) -> Throttled:
    """Why a request is not let through."""
    outcome = ask(throttle, at, purpose)
    assert isinstance(outcome, Throttled)
    return outcome


def test_a_full_bucket_lets_a_burst_through() -> None:
    """And then as many as drop in."""
    throttle = new_throttle(LIMITS, NOW)
    for _ in range(4):
        throttle = go(throttle, 0)

    assert refused(throttle, 0) == Throttled(0.5)
    assert refused(go(throttle, 0.5), 0.5) == Throttled(0.5)


@pytest.mark.parametrize(("rate", "size"), [(0.1, 1), (10, 1), (100, 5), (10_000, 500)])
def test_a_portion_is_what_fifty_milliseconds_give(rate: float, size: int) -> None:
    """One at least."""
    assert portion_size(Limits(rate, 20)) == size


def test_a_portion_is_no_more_than_the_bucket_holds() -> None:
    """However large it might be."""
    limits = Limits(rate=1000.0, burst=7)
    outcome = ask(new_throttle(limits, NOW), 0, limits=limits)

    assert not isinstance(outcome, Throttled)
    assert (outcome[0].count, outcome[0].left) == (7, 0)


rates = st.floats(0.1, 500)
processes = st.lists(st.tuples(st.floats(0, 0.3), st.sampled_from(Purpose)), max_size=80)


@given(rates, st.integers(1, 50), processes)
def test_never_more_than_the_rate_and_one_burst(
    rate: float, burst: int, asked: list[tuple[float, Purpose]]
) -> None:
    """Over any interleaving of processes, whatever they ask for."""
    limits = Limits(rate, burst)
    throttle, at, sent = new_throttle(limits, NOW), 0.0, 0
    for gap, purpose in asked:
        at += gap
        outcome = ask(throttle, at, purpose, limits=limits)
        if not isinstance(outcome, Throttled):
            portion, throttle = outcome
            sent += portion.count
            assert portion.count <= max(1, rate * PORTION_SECONDS)

    assert sent <= burst + rate * at + 1e-3


def test_some_is_left_for_more_urgent_purposes() -> None:
    """Renewing ahead leaves a quarter of the bucket, and the sweep a half."""
    throttle, limits = new_throttle(Limits(10, 21), NOW), Limits(10, 21)
    left = {}
    for purpose in (Purpose.SWEEP, Purpose.AHEAD, Purpose.EXCHANGE):
        while not isinstance(outcome := ask(throttle, 0, purpose, limits=limits), Throttled):
            throttle = outcome[1]
        left[purpose] = throttle.bucket

    assert left == {Purpose.SWEEP: 10, Purpose.AHEAD: 5, Purpose.EXCHANGE: 0}


@given(st.integers(1, 40), st.sampled_from([Purpose.AHEAD, Purpose.SWEEP]))
def test_no_purpose_starves(burst: int, purpose: Purpose) -> None:
    """Whoever has waited for long competes with all the others, and one permit is enough."""
    limits = Limits(10, burst)
    empty = Throttle(bucket=1.0, bucket_at=NOW)

    assert not isinstance(ask(empty, 0, purpose, limits=limits, waited=15), Throttled)


@given(st.sampled_from(Purpose))
def test_a_bucket_of_one_is_for_every_purpose(purpose: Purpose) -> None:
    """There is nothing to leave to anybody."""
    limits = Limits(1, 1)

    assert not isinstance(ask(new_throttle(limits, NOW), 0, purpose, limits=limits), Throttled)


def test_a_clock_that_was_set_back_stops_nobody() -> None:
    """Not even where the bucket was empty: one burst is let through."""
    throttle = new_throttle(LIMITS, later(3600))
    for _ in range(4):
        throttle = go(throttle, 3600)

    assert refused(throttle, 3600)
    assert go(throttle, 0).bucket == LIMITS.burst - 1


def test_a_clock_that_was_set_back_keeps_no_breaker_open() -> None:
    """A probe is due, as the time it was to be due at may be a long way off."""
    throttle = Throttle(4, NOW, open_until=later(3600 + LONGEST_WAIT), reason="rate_limited")

    assert refused(throttle, 3590).wait == pytest.approx(130)
    assert go(throttle, 0).is_open
