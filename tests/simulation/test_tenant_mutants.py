"""Negative controls: with a guard between tenants taken away, schedules of tenants find it."""

import pytest

from simulation.campaign import campaign
from simulation.tenants.campaign import House
from simulation.tenants.mutants import MUTANTS

WITHIN = 24
"""Schedules; most are found within the first two."""


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_guard_between_tenants_taken_away(mutant: str) -> None:
    """The invariant that it guards is seen to break."""
    word, kind = MUTANTS[mutant]
    house = House(kind)

    with campaign():
        outcomes = (house.run(seed) for seed in range(WITHIN))
        is_caught = any(
            each.startswith(f"{word} ") for outcome in outcomes for each in outcome.violations
        )

    assert is_caught
