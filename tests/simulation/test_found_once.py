"""What the schedules found once stays mended: the same faults again, in many orders."""

import pytest

from simulation.campaign import run
from simulation.hubspot import Mode
from simulation.schedule import Kind

SCHEDULES = 150
FOUND = {
    "the store fails as the breaker is to be closed": (
        ("unreachable", "refresh"),
        ("unusable_before", "update_throttle"),
        ("unusable_before", "update_throttle"),
    ),
    "held up for longer than the new token lives": (("pause_after", "refresh"),) * 2,
    "cut off from the store with a grant in hand": (("cut", "now"), ("cut", "now")),
    "the app is refused after an answer was lost": (
        ("lost_answer", "refresh"),
        ("html_403", "refresh"),
    ),
    "an answer that cannot be read": (("torn", "refresh"), ("429", "refresh")),
}


@pytest.mark.parametrize("situation", FOUND)
def test_it_stays_mended(situation: str) -> None:
    """No invariant breaks where one once did."""
    kind = Kind(modes=(Mode.SINGLE_USE, Mode.REUSE_KILLS), foci=lambda _: FOUND[situation])

    tally = run(range(SCHEDULES), kind)

    assert tally.failures == []
