"""Whose turn it is among those who wait for a permit."""

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalkey.broker.turns import SHARES, Turns
from portalkey.model.throttle import Purpose


@dataclass(frozen=True)
class Waiter:
    """Somebody who waits."""

    purpose: Purpose
    owner: str
    number: int = 0


def callers(owner: str, count: int) -> list[Waiter]:
    """So many callers of one owner."""
    return [Waiter(Purpose.CALLER, owner, number) for number in range(count)]


def queue(*waiters: Waiter) -> Turns[Waiter]:
    """They come in this order."""
    turns: Turns[Waiter] = Turns()
    for waiter in waiters:
        turns.add(waiter)
    return turns


def test_owners_take_turns() -> None:
    """One with a single connection does not wait behind all of another's."""
    turns = queue(*callers("big", 281), *callers("small", 1))

    assert turns.pop().owner == "big"
    assert turns.pop() == Waiter(Purpose.CALLER, "small")
    assert [turns.pop().number for _ in range(3)] == [1, 2, 3]


def test_purposes_have_their_shares() -> None:
    """While all of them wait, in this order; none is left out."""
    waiters = [Waiter(purpose, "ada", n) for purpose in Purpose for n in range(40)]
    turns = queue(*waiters)
    first = [turns.pop().purpose for _ in range(2 * sum(SHARES.values()))]

    assert first[:3] == [Purpose.CALLER, Purpose.CALLER, Purpose.EXCHANGE]
    assert Counter(first) == {purpose: 2 * share for purpose, share in SHARES.items()}


def test_nobody_saves_up_turns() -> None:
    """A purpose that nobody asked for an hour has its share, and no more."""
    turns = queue(*callers("ada", 100))
    for _ in range(50):
        turns.pop()
    for number in range(10):
        turns.add(Waiter(Purpose.SWEEP, "ada", number))

    popped = [turns.pop().purpose for _ in range(18)]
    assert popped.count(Purpose.SWEEP) <= 3


def test_who_gives_up_is_passed_over() -> None:
    """Once; whoever does not wait is not there."""
    first, second = callers("ada", 2)
    turns = queue(first, second)

    assert turns.discard(first)
    assert not turns.discard(first)
    assert turns.first() == second
    assert turns.discard(second)
    assert (turns.first(), turns.most_urgent(), len(turns)) == (None, None, 0)
    with pytest.raises(IndexError):
        turns.pop()


waiters = st.lists(
    st.builds(Waiter, st.sampled_from(Purpose), st.sampled_from("abc"), st.integers(0, 10**9)),
    max_size=40,
)


@given(waiters)
def test_everybody_has_a_turn_once(come: list[Waiter]) -> None:
    """In whichever order they come."""
    turns = queue(*come)

    assert Counter(turns.pop() for _ in range(len(come))) == Counter(come)


@given(waiters, st.sampled_from(Purpose), st.sampled_from("abcd"))
def test_the_place_in_the_queue_is_known(come: list[Waiter], purpose: Purpose, owner: str) -> None:
    """Near enough to say when to come back: it is never later by more than one round."""
    turns, last = queue(*come), Waiter(purpose, owner, -1)
    expected = turns.count_before(purpose, owner)
    turns.add(last)
    actual = next(n for n in range(len(come) + 1) if turns.pop() == last)

    assert actual <= expected + sum(SHARES.values())
