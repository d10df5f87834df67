"""Keys are rotated while many ask, and the rotation is killed again and again."""

import random
import secrets
from collections.abc import Iterator
from contextlib import closing

import pytest

from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from processes.crew import Crew
from processes.plan import Plan
from processes.rotation import KeyChange, answers, askers, kill_rotation, retire, rotate

pytest_plugins = ("support.postgres",)

ROWS, KILLS = 2000, 10
SPAN = 0.1
"""Seconds; killed at random within, a rotation is mostly at work."""


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def change(request: pytest.FixtureRequest, settings: Settings) -> Iterator[KeyChange]:
    """An app with rows under its old key, and a new key."""
    if request.param == "PostgreSQL":
        url = request.getfixturevalue("migrated_postgres_url")
        settings = settings.model_copy(update={"database_url": url})
    with closing(KeyChange(settings)) as change:
        change.fill(ROWS)
        yield change


def test_keys_are_rotated_under_load_and_kills(
    change: KeyChange, crew: Crew, plan: Plan, hubspot: HubSpot
) -> None:
    """Every caller gets the right token all the while, and every row goes over.

    HubSpot is asked nothing, and one row is enough to keep the old key.
    """
    seed = secrets.randbits(32)
    chance, midway = random.Random(seed), 0  # noqa: S311 - no secret
    with askers(crew, plan, change, processes=2, threads=4, rows=ROWS) as members:
        for _ in range(KILLS):
            midway += kill_rotation(crew, plan, change, chance.uniform(0, SPAN))
        rotated = rotate(crew, plan, change)
        told = answers(members)

    assert rotated.is_whole, (seed, rotated)
    assert set(told) <= {"right", "store_busy"}, (seed, told)  # on a machine at its limit
    assert told["right"] > KILLS
    assert midway, seed
    assert (change.left(), change.under_new()) == (0, ROWS), seed
    assert list(hubspot.requests) == []
    change.fill(1, first=ROWS)
    assert list(retire(change).rows) == [f"connection row-{ROWS:07}"]
    assert rotate(crew, plan, change).rows == 1
    assert retire(change).may_go
