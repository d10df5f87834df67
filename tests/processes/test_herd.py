"""Many callers in many processes on one token that is over."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from processes.crew import Crew
from processes.herd import connect, expire, is_honoured, renewals, rush
from processes.plan import Ahead, Plan

pytest_plugins = ("support.postgres",)

PROCESSES, THREADS, EXPIRIES = 8, 64, 20
DELAY = 0.05
STORES = ["sqlite", "postgresql"]


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """Settings for the store that the test names."""
    if getattr(request, "param", None) != "postgresql":
        return settings
    url = request.getfixturevalue("migrated_postgres_url")
    return settings.model_copy(update={"database_url": url})


@pytest.mark.parametrize("settings", STORES, indirect=True)
def test_a_herd_sends_one_request(
    plan: Plan,
    settings: Settings,
    hubspot: HubSpot,
    ahead: Ahead,
    crew: Crew,
    make_broker: Callable[[Settings], Broker],
) -> None:
    """Of 512 callers in 8 processes one asks HubSpot, and all get the one token it gives."""
    connect(make_broker(settings), hubspot, "ada")
    members = [crew.hire(plan) for _ in range(PROCESSES)]

    for expiry in range(1, EXPIRIES + 1):
        hubspot.switches.rotate_refresh_tokens = expiry > EXPIRIES / 2
        expire(hubspot, ahead)
        hubspot.next_token_answer(delay=DELAY)
        outcomes = rush(members, "ada", THREADS)
        tokens = {outcome.token for outcome in outcomes}

        assert {outcome.error for outcome in outcomes} == {None}
        assert len(outcomes) == PROCESSES * THREADS
        assert len(tokens) == 1
        assert is_honoured(settings, *tokens)
        assert renewals(hubspot) == expiry


@pytest.mark.parametrize("settings", STORES, indirect=True)
def test_a_herd_without_leases_sends_many(
    plan: Plan,
    settings: Settings,
    hubspot: HubSpot,
    ahead: Ahead,
    crew: Crew,
    make_broker: Callable[[Settings], Broker],
) -> None:
    """The control: where every process is given a lease, more than one of them asks."""
    connect(make_broker(settings), hubspot, "ada")
    members = [crew.hire(replace(plan, is_leased=False)) for _ in range(PROCESSES)]
    expire(hubspot, ahead)
    for _ in members:
        hubspot.next_token_answer(delay=DELAY)

    rush(members, "ada", THREADS)

    assert renewals(hubspot) > 1
