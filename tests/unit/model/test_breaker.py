"""The token endpoint's breaker: who opens it, who probes, and what closes it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalkey.model.breaker import (
    LONGEST_OPEN,
    OWNERS,
    WITHIN,
    WITNESSES,
    Trouble,
    record_answer,
    record_failure,
    release_probe,
)
from portalkey.model.evidence import MOST, Evidence, Failure, read_evidence, write_evidence
from portalkey.model.throttle import (
    LONGEST_WAIT,
    OTHERS_FIRST,
    PROBE_LONGEST,
    PROBE_SECONDS,
    Limits,
    PortionRequest,
    Throttle,
    Throttled,
    new_throttle,
    take_portion,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LIMITS = Limits(rate=10.0, burst=20)
DOWN = "hubspot_unavailable"


def later(seconds: float) -> datetime:
    """So many seconds after the start."""
    return NOW + timedelta(seconds=seconds)


def fail(
    throttle: Throttle, *names: str, at: float = 0.0, said: float = 0.0, count: int = WITNESSES
) -> Throttle:
    """The throttle after failures of the connections of these *names*, each of its own owner."""
    for who in names:
        trouble = Trouble(who, f"owner of {who}", DOWN, said, count)
        throttle = record_failure(throttle, trouble, later(at))
    return throttle


def fail_all_of(
    throttle: Throttle, owner: str, number: int, *, reason: str = DOWN, of_several: bool = True
) -> Throttle:
    """The throttle after failures of so many connections of one *owner*."""
    for each in range(number):
        trouble = Trouble(f"{owner}/{each}", owner, reason, of_several=of_several)
        throttle = record_failure(throttle, trouble, NOW)
    return throttle


def ask(throttle: Throttle, who: str, at: float) -> Throttle | Throttled:
    """The throttle after a request for *who*, or the refusal."""
    outcome = take_portion(throttle, PortionRequest(LIMITS, who=who), later(at))
    return outcome if isinstance(outcome, Throttled) else outcome[1]


def go(throttle: Throttle, who: str, at: float) -> Throttle:
    """The throttle after a request for *who*, which is let through."""
    outcome = ask(throttle, who, at)
    assert isinstance(outcome, Throttle)
    return outcome


def refused(throttle: Throttle, who: str, at: float) -> Throttled:
    """Why a request for *who* is not let through."""
    outcome = ask(throttle, who, at)
    assert isinstance(outcome, Throttled)
    return outcome


WELL = new_throttle(LIMITS, NOW)


@given(st.lists(st.tuples(st.floats(0, 200), st.sampled_from([DOWN, "rate_limited"]))))
def test_one_connection_opens_nothing(failures: list[tuple[float, str]]) -> None:
    """However often it fails, and whatever it says, while another connection is there or not."""
    throttle, at = WELL, 0.0
    for gap, reason in failures:
        at += gap
        throttle = record_failure(throttle, Trouble("one", "ada", reason, 3600, 1), later(at))

    assert not throttle.is_open
    assert go(throttle, "other", at)


def test_three_that_say_the_same_open_it() -> None:
    """Two are not enough where there are more, and a second word of one is no third."""
    assert not fail(WELL, "one", "two", "one", "two").is_open

    assert refused(fail(WELL, "one", "two", "three"), "four", 1) == Throttled(9.0, DOWN)


def test_two_are_enough_where_there_are_no_more() -> None:
    """All there are."""
    assert fail(WELL, "one", "two", count=2).is_open
    assert not fail(WELL, "one", count=1).is_open


@pytest.mark.parametrize("number", [3, MOST, 2 * MOST])
def test_one_owner_opens_nothing(number: int) -> None:
    """However many connections it has; one of another owner that says the same is enough then."""
    throttle = fail_all_of(WELL, "ada", number)

    assert not throttle.is_open
    assert fail(throttle, "another").is_open


def test_an_owner_who_is_alone() -> None:
    """Three connections, or all there are."""
    assert not fail_all_of(WELL, "ada", 2, of_several=False).is_open
    assert fail_all_of(WELL, "ada", 3, of_several=False).is_open
    both = [Trouble(who, "ada", DOWN, authenticated=2, of_several=False) for who in "ab"]
    assert record_failure(record_failure(WELL, both[0], NOW), both[1], NOW).is_open


def test_one_owners_many_do_not_push_out_what_others_said() -> None:
    """Only so many failures are remembered, of whoever has the most the fewest."""
    throttle = fail_all_of(fail(WELL, "one", "two"), "ada", 2 * MOST, reason="rate_limited")

    assert len(read_evidence(throttle.recent).failures) == MOST
    assert not throttle.is_open
    assert fail(throttle, "three").is_open


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), max_size=80))
def test_what_opens_it(failures: list[tuple[str, int]]) -> None:
    """At the first failure that makes three connections of two owners, and not before."""
    throttle, connections, owners = WELL, set[str](), set[str]()
    for owner, number in failures:
        throttle = record_failure(throttle, Trouble(f"{owner}/{number}", owner, DOWN), NOW)
        connections.add(f"{owner}/{number}")
        owners.add(owner)
        assert throttle.is_open == (len(connections) >= WITNESSES and len(owners) >= OWNERS)
        assert len(throttle.recent) < 2000


def test_three_troubles_are_not_the_same() -> None:
    """Each may be of its own connection."""
    throttle = WELL
    for who, reason in (("one", DOWN), ("two", "rate_limited"), ("three", "hubspot_refused:403")):
        throttle = record_failure(throttle, Trouble(who, who, reason), NOW)

    assert not throttle.is_open


def test_what_was_said_a_minute_ago_does_not_count() -> None:
    """Three that fail now and then are three troubles."""
    throttle = fail(fail(WELL, "one"), "two", "three", at=WITHIN + 1)

    assert not throttle.is_open


def test_a_good_answer_takes_back_what_was_said() -> None:
    """HubSpot answers, so that the others have their own trouble."""
    throttle = record_answer(fail(WELL, "one", "two"))

    assert throttle.is_well
    assert not fail(throttle, "three").is_open


def test_a_good_answer_closes_it() -> None:
    """Whoever got it."""
    closed = record_answer(fail(WELL, "one", "two", "three"))

    assert (closed.is_open, closed.is_well, closed.reason) == (False, True, None)
    assert go(closed, "one", 0)


def test_one_at_a_time_tries() -> None:
    """The others wait for what comes of it."""
    opened = fail(WELL, "one", "two", "three")
    probing = go(opened, "four", PROBE_SECONDS)

    assert refused(probing, "five", PROBE_SECONDS + 1).reason == DOWN
    failed = fail(probing, "four", at=PROBE_SECONDS + 1)
    assert refused(failed, "five", PROBE_SECONDS + 2).wait == pytest.approx(PROBE_SECONDS - 1)


def test_a_probe_that_nobody_heard_of_again() -> None:
    """Its process may have died: the next may try."""
    probing = go(fail(WELL, "one", "two", "three"), "four", PROBE_SECONDS)

    assert go(probing, "five", PROBE_SECONDS + PROBE_LONGEST)


def test_a_probe_that_was_not_sent() -> None:
    """The next may try at once; whoever had none gives none back."""
    probing = go(fail(WELL, "one", "two", "three"), "four", PROBE_SECONDS)

    assert release_probe(probing, "five", later(11)) == probing
    assert release_probe(WELL, "four", NOW) == WELL
    assert go(release_probe(probing, "four", later(11)), "five", 11)


def test_others_probe_first() -> None:
    """For a moment; where nobody else asks, one that failed may."""
    opened = fail(WELL, "one", "two", "three")

    refusal = refused(opened, "one", PROBE_SECONDS)
    assert (refusal.is_for_all, refusal.wait) == (False, OTHERS_FIRST)
    assert go(opened, "four", PROBE_SECONDS)
    assert go(opened, "one", PROBE_SECONDS + OTHERS_FIRST)


@pytest.mark.parametrize(
    ("said", "wait"), [(1.0, 1.0), (0.0, 10.0), (90.0, 90.0), (3600.0, LONGEST_OPEN)]
)
def test_what_hubspot_says_is_obeyed_up_to_two_minutes(said: float, wait: float) -> None:
    """One second is one second, and an hour is two minutes; the newest probe knows best."""
    opened = fail(WELL, "one", "two", "three", said=said)
    assert refused(opened, "four", 0).wait == wait

    probing = go(opened, "four", wait)
    again = fail(probing, "four", at=wait + 1, said=said)
    assert refused(again, "five", wait + 1).wait == wait


def test_one_that_was_sent_before_does_not_shorten_the_wait() -> None:
    """Only the probe knows better."""
    opened = fail(WELL, "one", "two", "three", said=90.0)

    assert refused(fail(opened, "late", at=5), "four", 5).wait == 85


steps = st.lists(
    st.tuples(st.floats(0, 40), st.sampled_from("abcdef"), st.floats(0, 10_000)), max_size=60
)


@given(steps)
def test_a_probe_at_least_every_two_minutes(failures: list[tuple[float, str, float]]) -> None:
    """Whatever fails, and whatever HubSpot asks for: somebody may try within two minutes."""
    throttle, at = fail(WELL, "x", "y", "z", said=10_000), 0.0
    for gap, who, said in failures:
        at += gap
        if isinstance(probing := ask(throttle, who, at), Throttle):
            throttle = probing
        throttle = fail(throttle, who, at=at, said=said)
        assert go(throttle, "somebody", at + LONGEST_WAIT)


def test_evidence_is_small_and_comes_back() -> None:
    """The newest failures of different connections, in a text that fits a row."""
    many = tuple(
        Failure(f"{n:012x}", f"{n:012x}", "hubspot_refused:BAD_CLIENT_ID", 1.5) for n in range(50)
    )
    text = write_evidence(Evidence(many, "abc"))

    assert read_evidence(text) == Evidence(many[-MOST:], "abc")
    assert len(text) < 2000
    assert write_evidence(Evidence()) == ""


@pytest.mark.parametrize(
    "text",
    [
        "..x.x",
        "{}",
        "[]",
        '{"f": 1}',
        '{"f": [[1]]}',
        "null",
        "[" * 999,
        '{"f": [["abc", "down", 1.5]]}',
    ],
)
def test_what_cannot_be_read_is_no_evidence(text: str) -> None:
    """An older portalkey wrote it, or a hand; it stops nobody."""
    assert read_evidence(text) == Evidence()
