"""``kill -9`` between a change and its telling: every change arrives all the same."""

import random
import secrets
from collections.abc import Iterator
from contextlib import closing

import pytest

from portalkey.settings import Settings
from processes.crew import Crew
from processes.notifying import CHANGES, ROWS, Endpoint, Notifying, with_webhook
from processes.plan import Ahead, Plan
from processes.worker import broker_of

pytest_plugins = ("support.postgres",)

AT_STEPS, AT_RANDOM = 6, 4
"""Kills on each of both databases."""
SPAN = 0.2
EACH = 20
"""Changes of each of several processes at once."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """The app's own receiver."""
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def plan(
    request: pytest.FixtureRequest, settings: Settings, ahead: Ahead, endpoint: Endpoint
) -> Plan:
    """Processes over either database that tell the endpoint."""
    if request.param == "PostgreSQL":
        url = request.getfixturevalue("migrated_postgres_url")
        settings = settings.model_copy(update={"database_url": url})
    return Plan(with_webhook(settings, endpoint), ahead.file)


def test_every_change_arrives_in_its_order(
    plan: Plan, crew: Crew, ahead: Ahead, endpoint: Endpoint
) -> None:
    """At the webhook and at a function: never lost, under one id, in order for one connection."""
    seed = secrets.randbits(32)
    chance = random.Random(seed)  # noqa: S311 - no secret
    with closing(broker_of(plan)) as broker:
        notifying = Notifying(crew, plan, broker, ahead, endpoint)
        steps = notifying.steps()
        for number in chance.sample(range(len(steps)), AT_STEPS):
            notifying.at_step(number)
        for number in range(AT_RANDOM):
            notifying.at_random(chance.uniform(0, SPAN), is_away=number == 0)
        notifying.drain()
        told = notifying.verify()

    assert told.wrong == [], seed
    assert told.changes >= CHANGES
    assert told.arrivals >= 2 * told.changes


def test_the_order_holds_across_processes(
    plan: Plan, crew: Crew, ahead: Ahead, endpoint: Endpoint
) -> None:
    """Where several change and several deliver at once, whoever delivers what."""
    with closing(broker_of(plan)) as broker:
        notifying = Notifying(crew, plan, broker, ahead, endpoint)
        notifying.in_crowd(EACH)
        notifying.drain()
        told = notifying.verify()

    assert told.wrong == []
    assert told.changes == ROWS * EACH
