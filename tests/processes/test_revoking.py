"""All connections are revoked by a command that is killed on the way, and goes on where it was."""

import random
import secrets
from contextlib import closing

import pytest

from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from processes.crew import Crew
from processes.plan import Ahead, Plan
from processes.revoking import (
    Left,
    Progress,
    count_alive,
    fill,
    kill_revoke,
    revoke,
    send_what_was_claimed,
)

pytest_plugins = ("support.postgres",)

ROWS, KILLS = 200, 3


@pytest.mark.parametrize("store", ["SQLite", "PostgreSQL"])
def test_no_refresh_token_outlives_a_command_that_is_killed(
    store: str,
    request: pytest.FixtureRequest,
    crew: Crew,
    plan: Plan,
    ahead: Ahead,
    settings: Settings,
    hubspot: HubSpot,
) -> None:
    """Each is dead at HubSpot in the end, and hardly one was revoked twice."""
    if store == "PostgreSQL":
        url = request.getfixturevalue("migrated_postgres_url")
        settings = settings.model_copy(update={"database_url": url})
        plan = Plan(settings, plan.ahead)
    tokens = fill(settings, hubspot, ROWS)
    assert count_alive(settings, tokens[:20]) == 20
    seed = secrets.randbits(32)
    chance = random.Random(seed)  # noqa: S311 - no secret
    with closing(Progress(settings, hubspot, ROWS)) as progress:
        for at in sorted(chance.sample(range(2 * ROWS), KILLS)):
            kill_revoke(crew, plan, progress, at)
        told = revoke(crew, plan)
    assert told["owed"] <= KILLS, (seed, told)
    send_what_was_claimed(plan, ahead)

    assert Left.of(settings) == Left(live=0, owed=0), seed
    assert count_alive(settings, tokens) == 0, seed
    revoked = sum(asked.path.endswith("/revoke") for asked in hubspot.requests)
    assert ROWS <= revoked <= ROWS + KILLS, seed
