"""``kill -9`` while a token is renewed."""

import random
import secrets
from collections.abc import Iterator

import pytest

from portalkey.broker import Broker
from portalkey_simulator import HubSpot
from processes.crew import Crew
from processes.kills import IN_FLIGHT, WELL, Kills
from processes.plan import Ahead, Plan

ALL = 50
"""So many processes are killed by this file."""
GROUPS = 20
"""And so many more that write from several threads."""
SPAN = 0.03
"""Seconds; killed at random within, a process is mostly at work."""


@pytest.fixture(params=[False, True], ids=["reusable", "rotating"])
def rotates(request: pytest.FixtureRequest, hubspot: HubSpot) -> bool:
    """Whether each refresh token is good for one renewal only."""
    hubspot.switches.rotate_refresh_tokens = request.param
    return bool(request.param)


@pytest.fixture
def kills(
    crew: Crew, plan: Plan, broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> Iterator[Kills]:
    """A connection whose renewers are killed."""
    with Kills(crew, plan, broker, hubspot, ahead) as kills:
        yield kills


def test_processes_killed_at_every_step(kills: Kills, *, rotates: bool) -> None:
    """The next caller gets a token, or hears that the only new one died with its only holder."""
    steps = kills.steps()
    answered = next(step for step in steps if step.endswith("after send"))
    saving = [step for step in steps if step.endswith("commit a write")][-1]
    in_vain = steps[steps.index(answered) : steps.index(saving) + 1] if rotates else []

    for number, step in enumerate(steps):
        kill = kills.at_step(number)

        assert kill.verdict == (IN_FLIGHT if step in in_vain else WELL), (step, kill)


def test_processes_killed_at_random(kills: Kills, *, rotates: bool) -> None:
    """Whenever one dies, nothing is lost that anybody holds, and nothing is torn."""
    seed = secrets.randbits(32)
    chance = random.Random(seed)  # noqa: S311 - no secret
    allowed = {WELL, IN_FLIGHT} if rotates else {WELL}

    for _ in range(ALL // 2 - len(kills.steps())):
        kill = kills.at_random(chance.uniform(0, SPAN))

        assert kill.verdict in allowed, (seed, kill)


def test_processes_killed_while_threads_share_a_commit(kills: Kills, *, rotates: bool) -> None:
    """What any of them was told is written is there, and the token's row is as sound as ever."""
    seed = secrets.randbits(32)
    chance = random.Random(seed)  # noqa: S311 - no secret
    allowed = {WELL, IN_FLIGHT} if rotates else {WELL}

    for _ in range(GROUPS // 2):
        kill = kills.in_group(chance.uniform(0, SPAN), threads=6)

        assert kill.verdict in allowed, (seed, kill)
