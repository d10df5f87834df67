"""``kill -9`` while HubSpot's journal is read."""

import random
import secrets

import pytest

from portalkey_simulator import HubSpot
from processes.crew import Crew
from processes.journal_kills import WELL, JournalKills
from processes.plan import Ahead, Plan
from processes.worker import broker_of

pytest_plugins = ("support.postgres",)

RANDOM = 5
SPAN = 0.08
"""Seconds; killed at random within, a reader is mostly at work."""


@pytest.mark.parametrize("store", ["SQLite", "PostgreSQL"])
def test_nothing_is_lost_or_done_twice(
    store: str,
    request: pytest.FixtureRequest,
    crew: Crew,
    plan: Plan,
    ahead: Ahead,
    hubspot: HubSpot,
) -> None:
    """Wherever a reader is killed, between an effect and the place or elsewhere."""
    if store == "PostgreSQL":
        url = request.getfixturevalue("migrated_postgres_url")
        plan = Plan(plan.settings.model_copy(update={"database_url": url}), plan.ahead)
    seed = secrets.randbits(32)
    chance = random.Random(seed)  # noqa: S311 - no secret
    broker = broker_of(plan)
    request.addfinalizer(broker.close)
    kills = JournalKills(crew, plan, broker, hubspot, ahead)
    steps = kills.steps()
    assert any("mark" in step for step in steps)
    assert any("swap_meta" in step for step in steps)

    writing = [each for each in enumerate(steps) if "mark" in each[1] or "swap_meta" in each[1]]
    for number, step in writing if store == "SQLite" else writing[::3]:
        assert kills.at_step(number).verdict == WELL, step
    for _ in range(RANDOM):
        kill = kills.at_random(chance.uniform(0, SPAN))
        assert kill.verdict == WELL, (seed, kill)
