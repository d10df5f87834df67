"""Negative controls: with any guard taken away, the schedules find what it was there for."""

import pytest

from simulation.campaign import House, campaign
from simulation.mutants import MUTANTS

WITHIN = 1500
"""Schedules; with any of the guards taken away they find it within the first hundred or so."""


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_guard_taken_away(mutant: str) -> None:
    """The invariant that it guards is seen to break."""
    invariant, kind = MUTANTS[mutant]
    house = House(kind)

    with campaign():
        outcomes = (house.run(seed) for seed in range(WITHIN))
        is_caught = any(
            each.startswith(f"{invariant} ") for outcome in outcomes for each in outcome.violations
        )

    assert is_caught
