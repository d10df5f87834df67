"""Schedules of all actors: what is beside renewing keeps its word, whatever crashes meanwhile."""

import pytest

from simulation.actors.campaign import ActorHouse, run
from simulation.actors.faults import TABLE
from simulation.actors.schedule import ActorKind
from simulation.campaign import campaign
from simulation.hubspot import Mode

BLOCKS, BLOCK = 3, 300
TURNS = 60
"""How often a fault is tried at its step, at most, until it strikes there."""


@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_block_of_actors(block: int) -> None:
    """No invariant of notifications, sweeps or readers breaks, nor one of renewing."""
    tally = run(range(block * BLOCK, (block + 1) * BLOCK))

    assert tally.failures == []
    assert len(tally.fingerprints) > 0.99 * BLOCK
    assert tally.notes["handed"] > BLOCK
    assert tally.notes["heard again"] > 0
    assert tally.notes["looks"] > BLOCK
    assert tally.notes["swept"] > 0
    assert tally.notes["uninstalled"] > 0


def test_held_up_before_the_journal_answers() -> None:
    """Whose clock is ahead is not said by an answer that somebody waited for too long."""
    held_up = ActorKind(foci=lambda _: (("pause_before", "journal"),) * 2)

    tally = run(range(60), held_up)

    assert tally.failures == []
    assert tally.hits["pause_before", "journal"] > 60


def test_held_up_with_a_grant_that_another_calls_dead() -> None:
    """Who writes it then heals the row, and says so, once."""
    held_up = ActorKind(
        foci=lambda _: (("pause_after", "refresh"),) * 2,
        modes=(Mode.SINGLE_USE, Mode.REUSE_KILLS),
    )

    tally = run(range(100), held_up)

    assert tally.failures == []
    assert tally.notes["healed"] > 5


def test_every_fault_at_every_step_of_actors() -> None:
    """Each fault of the table strikes at each step that it can hit."""
    house, missed = ActorHouse(), []
    with campaign():
        for number, (kind, step) in enumerate(TABLE):
            seeds = range(number, number + TURNS * len(TABLE), len(TABLE))
            if not any(house.run(seed).hits[kind, step] for seed in seeds):
                missed.append((kind, step))

    assert missed == []


def test_a_seed_of_actors_again() -> None:
    """A seed gives the same schedule each time, whatever was run before it."""
    house = ActorHouse()
    with campaign():
        before = [house.run(seed).fingerprint for seed in range(40)]
        after = [ActorHouse().run(seed).fingerprint for seed in reversed(range(40))]

    assert after[::-1] == before
