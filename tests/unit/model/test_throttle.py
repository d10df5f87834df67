"""The token endpoint's breaker and bucket."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portalkey.model.throttle import (
    IN_A_ROW,
    PROBE_SECONDS,
    RECENT_OUTCOMES,
    Limits,
    Throttle,
    Throttled,
    admit,
    new_throttle,
    record_answer,
    record_failure,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LIMITS = Limits(rate=2.0, burst=4)


def later(seconds: float) -> datetime:
    """So many seconds after the start."""
    return NOW + timedelta(seconds=seconds)


def go(throttle: Throttle, at: float, limits: Limits = LIMITS) -> Throttle:
    """The throttle after one request, which is let through."""
    after = admit(throttle, limits, later(at))
    assert isinstance(after, Throttle)
    return after


def refused(throttle: Throttle, at: float) -> Throttled:
    """Why a request is not let through."""
    refusal = admit(throttle, LIMITS, later(at))
    assert isinstance(refusal, Throttled)
    return refusal


def down(throttle: Throttle, times: int, at: float = 0.0) -> Throttle:
    """The throttle after so many failures."""
    for _ in range(times):
        throttle = record_failure(throttle, "hubspot_unavailable", 0.0, later(at))
    return throttle


def test_a_full_bucket_lets_a_burst_through() -> None:
    """And then as many as drop in."""
    throttle = new_throttle(LIMITS, NOW)
    for _ in range(4):
        throttle = go(throttle, 0)

    assert refused(throttle, 0) == Throttled(0.5)
    assert refused(go(throttle, 0.5), 0.5) == Throttled(0.5)


@given(st.lists(st.floats(0, 3), max_size=60))
def test_never_more_than_the_rate_and_one_burst(gaps: list[float]) -> None:
    """Whenever anybody asks."""
    throttle, at, sent = new_throttle(LIMITS, NOW), 0.0, 0
    for gap in gaps:
        at += gap
        outcome = admit(throttle, LIMITS, later(at))
        if isinstance(outcome, Throttle):
            throttle, sent = outcome, sent + 1

    assert sent <= LIMITS.burst + LIMITS.rate * at + 1e-6


def test_a_clock_that_was_set_back_stops_nobody() -> None:
    """Not even where the bucket was empty: one burst is let through."""
    throttle = new_throttle(LIMITS, later(3600))
    for _ in range(4):
        throttle = go(throttle, 3600)

    assert refused(throttle, 3600)
    assert go(throttle, 0).bucket == LIMITS.burst - 1


def test_failures_in_a_row_open_the_breaker() -> None:
    """One less does not."""
    throttle = new_throttle(LIMITS, NOW)

    assert not down(throttle, IN_A_ROW - 1).is_open
    opened = down(throttle, IN_A_ROW)
    assert refused(opened, 1) == Throttled(PROBE_SECONDS - 1, "hubspot_unavailable")


def test_half_of_many_open_it_too() -> None:
    """Where every other request fails, none of them in a row."""
    throttle = new_throttle(LIMITS, NOW)
    for number in range(RECENT_OUTCOMES):
        assert not throttle.is_open, number
        throttle = record_answer(throttle) if number % 2 else down(throttle, 1)

    assert down(throttle, 1).is_open


def test_one_request_tries_whether_hubspot_is_back() -> None:
    """The others wait for what comes of it."""
    opened = down(new_throttle(LIMITS, NOW), IN_A_ROW)
    trying = go(opened, PROBE_SECONDS)

    assert refused(trying, PROBE_SECONDS + 1).reason == "hubspot_unavailable"
    still = down(trying, 1, at=PROBE_SECONDS + 1)
    assert refused(still, 2 * PROBE_SECONDS).wait > 0
    closed = record_answer(trying)
    assert (closed.is_open, closed.is_well, closed.reason) == (False, True, None)
    assert go(closed, PROBE_SECONDS + 1)


def test_hubspot_is_left_alone_for_as_long_as_it_asks() -> None:
    """At once, and no later failure makes it less."""
    throttle = record_failure(new_throttle(LIMITS, NOW), "rate_limited", 90.0, NOW)

    assert refused(throttle, 30) == Throttled(60.0, "rate_limited")
    assert refused(down(throttle, 1, at=30), 30).wait == 60.0


def test_good_answers_are_news_only_after_bad_ones() -> None:
    """So that a healthy endpoint costs no write for each answer."""
    throttle = new_throttle(LIMITS, NOW)

    assert throttle.is_well
    assert not down(throttle, 1).is_well
    assert replace(throttle, recent="." * 20).is_well
