"""One PostgreSQL, two machines."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from processes.crew import Member
from processes.herd import connect, expire, is_honoured, renewals, rush
from processes.kills import NEVER
from processes.machines import Machine, forms, two_machines
from processes.plan import Ahead, Outcome, Plan

pytest_plugins = ("support.postgres",)

EXPIRIES, THREADS = 6, 16
DELAY, WAITED, LEASE, SEEN_WITHIN = 0.1, 0.5, 31.0, 1.0
"""Seconds."""
Machines = tuple[Machine, Machine]


@pytest.fixture
def settings(settings: Settings, migrated_postgres_url: str) -> Settings:
    """Settings over PostgreSQL."""
    return settings.model_copy(update={"database_url": migrated_postgres_url})


@pytest.fixture(params=forms())
def machines(
    request: pytest.FixtureRequest,
    plan: Plan,
    hubspot: HubSpot,
    broker: Broker,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> Iterator[Machines]:
    """Two machines, and somebody is connected."""
    with capsys.disabled():
        print(f"\ntwo machines: {request.param}")  # noqa: T201 - which form ran is to be seen
    record_property("two machines", request.param)
    connect(broker, hubspot, "ada")
    with two_machines(request.param, plan, hubspot, tmp_path) as machines:
        yield machines


def test_two_machines(
    machines: Machines, settings: Settings, hubspot: HubSpot, ahead: Ahead
) -> None:
    """They make one request together, outlive each other's deaths, and see each other's acts."""
    here, there = machines
    members = [here.hire(), here.hire(), there.hire(), there.hire()]

    for expiry in range(1, EXPIRIES + 1):
        hubspot.switches.rotate_refresh_tokens = expiry > EXPIRIES / 2
        expire(hubspot, ahead)
        hubspot.next_token_answer(delay=DELAY)
        tokens = {outcome.token for outcome in rush(members, "ada", THREADS)}
        assert len(tokens) == 1
        assert is_honoured(settings, *tokens)
        assert renewals(hubspot) == expiry

    die_with_the_lease(here, hubspot, ahead)
    asked = renewals(hubspot)
    members[2].begin("access_token", "ada")
    assert not members[2].is_done(WAITED)
    assert renewals(hubspot) == asked
    ahead.seconds += LEASE
    assert is_honoured(settings, asked_until_told(members[2]).token)
    assert renewals(hubspot) == asked + 1

    assert {member.access_token("ada").error for member in members} == {None}
    members[0].call("disconnect", "ada")
    ahead.seconds += SEEN_WITHIN
    assert {member.access_token("ada").error for member in members} == {"not_connected"}


def die_with_the_lease(machine: Machine, hubspot: HubSpot, ahead: Ahead) -> None:
    """A process of *machine* dies once it may renew the token, before it asked HubSpot to."""
    guide = machine.hire(dies_at=NEVER)
    expire(hubspot, ahead)
    guide.access_token("ada")
    steps = [step.partition(" ")[2] for step in guide.call("steps")]
    expire(hubspot, ahead)
    holder = machine.hire(dies_at=steps.index("after lease"))
    holder.begin("access_token", "ada")
    with pytest.raises(EOFError):
        holder.hear()
    holder.bury()


def asked_until_told(member: Member) -> Outcome:
    """What comes of asking; whoever is told to try again does."""
    outcome: Outcome = member.end()
    return member.access_token("ada") if outcome.error == "hubspot_unavailable" else outcome
