"""The token endpoint's breaker and bucket."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portalkey.model.throttle import (
    IN_A_ROW,
    LOOKED_AT,
    PROBE_SECONDS,
    Limits,
    Throttle,
    Throttled,
    admit,
    new_throttle,
    record_answer,
    record_failure,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PACE = Limits(rate=2.0, burst=4)


def later(seconds: float) -> datetime:
    """So many seconds after the start."""
    return NOW + timedelta(seconds=seconds)


def go(provider: Throttle, at: float, pace: Limits = PACE) -> Throttle:
    """The provider after one request, which is let through."""
    after = admit(provider, pace, later(at))
    assert isinstance(after, Throttle)
    return after


def refused(provider: Throttle, at: float) -> Throttled:
    """Why a request is not let through."""
    refusal = admit(provider, PACE, later(at))
    assert isinstance(refusal, Throttled)
    return refusal


def down(provider: Throttle, times: int, at: float = 0.0) -> Throttle:
    """The provider after so many failures."""
    for _ in range(times):
        provider = record_failure(provider, "hubspot_unavailable", 0.0, later(at))
    return provider


def test_a_full_bucket_lets_a_burst_through() -> None:
    """And then as many as drop in."""
    provider = new_throttle(PACE, NOW)
    for _ in range(4):
        provider = go(provider, 0)

    assert refused(provider, 0) == Throttled(0.5)
    assert refused(go(provider, 0.5), 0.5) == Throttled(0.5)


@given(st.lists(st.floats(0, 3), max_size=60))
def test_never_more_than_the_rate_and_one_burst(gaps: list[float]) -> None:
    """Whenever anybody asks."""
    provider, at, sent = new_throttle(PACE, NOW), 0.0, 0
    for gap in gaps:
        at += gap
        outcome = admit(provider, PACE, later(at))
        if isinstance(outcome, Throttle):
            provider, sent = outcome, sent + 1

    assert sent <= PACE.burst + PACE.rate * at + 1e-6


def test_a_clock_that_was_set_back_stops_nobody() -> None:
    """Not even where the bucket was empty: one burst is let through."""
    provider = new_throttle(PACE, later(3600))
    for _ in range(4):
        provider = go(provider, 3600)

    assert refused(provider, 3600)
    assert go(provider, 0).bucket == PACE.burst - 1


def test_failures_in_a_row_open_the_breaker() -> None:
    """One less does not."""
    provider = new_throttle(PACE, NOW)

    assert not down(provider, IN_A_ROW - 1).is_open
    opened = down(provider, IN_A_ROW)
    assert refused(opened, 1) == Throttled(PROBE_SECONDS - 1, "hubspot_unavailable")


def test_half_of_many_open_it_too() -> None:
    """Where every other request fails, none of them in a row."""
    provider = new_throttle(PACE, NOW)
    for number in range(LOOKED_AT):
        assert not provider.is_open, number
        provider = record_answer(provider) if number % 2 else down(provider, 1)

    assert down(provider, 1).is_open


def test_one_request_tries_whether_hubspot_is_back() -> None:
    """The others wait for what comes of it."""
    opened = down(new_throttle(PACE, NOW), IN_A_ROW)
    trying = go(opened, PROBE_SECONDS)

    assert refused(trying, PROBE_SECONDS + 1).reason == "hubspot_unavailable"
    still = down(trying, 1, at=PROBE_SECONDS + 1)
    assert refused(still, 2 * PROBE_SECONDS).wait > 0
    closed = record_answer(trying)
    assert (closed.is_open, closed.is_well, closed.reason) == (False, True, None)
    assert go(closed, PROBE_SECONDS + 1)


def test_hubspot_is_left_alone_for_as_long_as_it_asks() -> None:
    """At once, and no later failure makes it less."""
    provider = record_failure(new_throttle(PACE, NOW), "rate_limited", 90.0, NOW)

    assert refused(provider, 30) == Throttled(60.0, "rate_limited")
    assert refused(down(provider, 1, at=30), 30).wait == 60.0


def test_good_answers_are_news_only_after_bad_ones() -> None:
    """So that a healthy endpoint costs no write for each answer."""
    provider = new_throttle(PACE, NOW)

    assert provider.is_well
    assert not down(provider, 1).is_well
    assert replace(provider, recent="." * 20).is_well
