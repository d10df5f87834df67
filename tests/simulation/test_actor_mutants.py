"""Negative controls: with a guard of an actor taken away, its schedules find it."""

import pytest

from simulation.actors.campaign import ActorHouse
from simulation.actors.mutants import MUTANTS
from simulation.campaign import campaign

WITHIN = 500
"""Schedules; most are found within the first fifty."""


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_guard_of_an_actor_taken_away(mutant: str) -> None:
    """The invariant that it guards is seen to break."""
    word, kind = MUTANTS[mutant]
    house = ActorHouse(kind)

    with campaign():
        outcomes = (house.run(seed) for seed in range(WITHIN))
        is_caught = any(
            each.startswith(f"{word} ") for outcome in outcomes for each in outcome.violations
        )

    assert is_caught
