"""Schedules of tenants: one tenant's trouble, or one machine's, is nobody else's."""

import pytest

from simulation.campaign import campaign
from simulation.tenants.campaign import House, run
from simulation.tenants.evidence import Bucket
from simulation.tenants.plan import TABLE
from simulation.tenants.schedule import Kind

BLOCKS = 4


@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_trouble_after_another(block: int) -> None:
    """Each trouble of the table strikes once, and no invariant breaks."""
    tally = run(range(block, len(TABLE), BLOCKS))

    assert tally.failures == []
    assert len(tally.fingerprints) == tally.schedules
    assert tally.notes["handed"] > 100 * tally.schedules


def test_many_connections_in_trouble() -> None:
    """One owner's trouble is its own, however many connections it has."""
    tally = run(range(4), Kind(table=(("many", "503"), ("many", "429 for a minute"))))

    assert tally.failures == []


def test_a_machine_that_hubspot_refuses_the_app_to() -> None:
    """One machine's wrong secret is its own: those with the right one wait for nothing."""
    tally = run(range(8), Kind(table=(("machine", "wrong secret"), ("machine", "blocked"))))

    assert tally.failures == []


def test_a_seed_of_tenants_again() -> None:
    """A seed gives the same schedule each time, whatever was run before it."""
    seeds = range(0, 20, 5)
    house = House()
    with campaign():
        before = [house.run(seed).fingerprint for seed in seeds]
        after = [House().run(seed).fingerprint for seed in reversed(seeds)]

    assert after[::-1] == before


def test_waits_are_seen() -> None:
    """The healthy ask, and nearly always while there is plenty in the bucket for everybody."""
    with campaign():
        waits = [House().run(seed).waits for seed in (0, 1)]

    assert sum(each.calls for each in waits) > 200
    assert all(each.plenty > 0.9 * each.calls for each in waits)


def test_the_ideal_bucket() -> None:
    """It is filled at its rate and never beyond its burst."""
    bucket = Bucket([1.0, 1.0, 1.0, 9.0], rate=1.0, burst=3.0)

    assert bucket.lowest(0.0, 0.5) == 3.0
    assert bucket.lowest(0.5, 2.0) == 0.0
    assert bucket.lowest(2.0, 2.5) == 1.0
    assert bucket.lowest(8.0, 10.0) == 2.0
