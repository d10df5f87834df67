"""Fault schedules: nothing is lost, nothing is served that is dead, and nobody is stuck."""

import pytest

from portalkey.vault import Keyring
from simulation.campaign import House, campaign, run
from simulation.faults import STEPS, TABLE
from simulation.hubspot import Mode
from simulation.ports import SETTINGS
from simulation.schedule import Kind

BLOCKS, BLOCK = 8, 1250
TURNS = 60
"""How often a fault is tried at its step, at most, until it strikes there."""


@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_block_of_seeds(block: int) -> None:
    """I1 to I11 hold in each schedule, and no refresh token that a survivor received is lost."""
    tally = run(range(block * BLOCK, (block + 1) * BLOCK))

    assert tally.failures == []
    assert len(tally.fingerprints) > 0.99 * BLOCK
    assert tally.notes["handed"] > BLOCK
    assert tally.reorders["lease"] > 0


def test_every_fault_at_every_step() -> None:
    """Each fault of the table strikes at each step that it can hit."""
    house, missed = House(), []
    with campaign():
        for number, (kind, step) in enumerate(TABLE):
            seeds = range(number, number + TURNS * len(TABLE), len(TABLE))
            if not any(house.run(seed).hits[kind, step] for seed in seeds):
                missed.append((kind, step))

    assert missed == []


def test_a_seed_again() -> None:
    """A seed gives the same schedule each time, whatever was run before it."""
    house = House()
    with campaign():
        before = [house.run(seed).fingerprint for seed in range(40)]
        after = [House().run(seed).fingerprint for seed in reversed(range(40))]

    assert after[::-1] == before


def test_real_seals() -> None:
    """With the real keyring each schedule goes as it does with the quick one."""
    real = Kind(keyring=lambda: Keyring(SETTINGS.keys))

    sealed, quick = run(range(60), real), run(range(60))

    assert sealed.failures == []
    assert sealed.fingerprints == quick.fingerprints


def test_single_use_tokens_lost_in_flight() -> None:
    """What died with its only receiver ends in needs_reconnect at one try, with its reason."""
    crash = Kind(
        modes=(Mode.SINGLE_USE, Mode.REUSE_KILLS),
        foci=lambda _: (("crash_after", "refresh"), ("503", "refresh")),
    )

    tally = run(range(300), crash)

    assert tally.failures == []
    assert tally.notes["lost in flight"] > 30


def test_clocks_an_hour_off() -> None:
    """A process whose own clock is off serves no expired token and asks HubSpot no second time."""
    skewed = Kind(foci=lambda seed: (("skew", STEPS[seed % len(STEPS)]), ("skew", "refresh")))

    tally = run(range(400), skewed)

    assert tally.failures == []
    assert tally.notes["posts"] > 400
    assert sum(times for (kind, _), times in tally.hits.items() if kind == "skew") > 400
