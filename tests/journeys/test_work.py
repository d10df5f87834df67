"""What can wait is done on the side, or by ``portalkey work``."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from portalkey.broker.broker import SIDE_SECONDS, Broker
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import EventName
from portalkey_simulator import HubSpot
from portalkey_simulator.faults.fault_kinds import Kind
from support.commands import run, running
from support.visitor import Visitor


@pytest.fixture
def owing(visitor: Visitor) -> Visitor:
    """Somebody whose old refresh token HubSpot still has to be told of."""
    visitor.connect()
    visitor.connect()
    return visitor


def told(hubspot: HubSpot) -> int:
    """How often HubSpot was told to forget a token."""
    return sum(asked.path.endswith("/token/revoke") for asked in hubspot.requests)


def test_work_does_what_is_due(owing: Visitor, hubspot: HubSpot, env_file: Path) -> None:
    """Once, and says so; the second time nothing is left."""
    first = run("work", "--once", "--env-file", str(env_file))
    second = run("work", "--once", "--json", "--env-file", str(env_file))

    assert first.stdout.startswith("HubSpot was told to forget 1 refresh token.\n"), first.stderr
    nothing = {"revoked": 0, "notified": 0, "looks": {}, "sweep_stopped": False}
    assert json.loads(second.stdout) == nothing | {"failed": [], "error": None}
    assert told(hubspot) == 1


def test_work_goes_on_until_it_is_ended(owing: Visitor, hubspot: HubSpot, env_file: Path) -> None:
    """What is owed goes at the first look; Ctrl-C ends it."""
    with running("work", "--env-file", str(env_file), ready="forget 1 refresh token"):
        assert told(hubspot) == 1


def test_the_worker_obeys_the_form_of_the_log(
    owing: Visitor, hubspot: HubSpot, env_file: Path
) -> None:
    """Each line is an object then: its start, what it did, and what is in its way."""
    with env_file.open("a") as file:
        file.write("PORTALKEY_LOG_FORMAT=json\n")
    lines = list[str]()
    with running("work", "--env-file", str(env_file), ready="forget 1 refresh token", lines=lines):
        pass

    told = [json.loads(line) for line in lines]
    assert "Working as portalkey-work, every 10 s." in [each["message"] for each in told]
    assert told[-1]["logger"] == "portalkey.work"


def test_a_worker_that_nobody_named_is_called_so(
    owing: Visitor, hubspot: HubSpot, env_file: Path
) -> None:
    """In the list of processes, and in its own first line, which tells programs that it lives."""
    ready = '"working": "portalkey-work"'
    with running("work", "--json", "--env-file", str(env_file), ready=ready):
        status = json.loads(run("keys", "status", "--json", "--env-file", str(env_file)).stdout)

    assert "portalkey-work" in [each["label"] for each in status["processes"]]


def test_a_process_that_hands_out_tokens_does_some_of_it(
    owing: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """On the side, once a minute; nobody waits for it."""
    ahead.seconds += SIDE_SECONDS + 1
    assert broker.access_token(owing.owner)
    broker.close()

    assert told(hubspot) == 1


@pytest.fixture
def idle(visitor: Visitor, broker: Broker, hubspot: HubSpot, tmp_path: Path) -> Connection:
    """A connection of which it is due to hear from HubSpot."""
    visitor.connect()
    (row,) = broker.connections(visitor.owner)
    make_due(tmp_path)
    return row


def make_due(folder: Path) -> None:
    """Let two days pass since anybody used or looked at what is connected."""
    with closing(sqlite3.connect(folder / "portalkey.db")) as file, file:
        file.execute("UPDATE portalkey_connections SET check_at = 1, checked_at = checked_at - 1e5")
        file.execute("UPDATE portalkey_connections SET granted_at = granted_at - 2e5")
        file.execute("UPDATE portalkey_connections SET connected_at = connected_at - 2e5")


def kinds(hubspot: HubSpot) -> Counter[str]:
    """How often each kind of request was sent, since the connection was made."""
    paths = [asked.path.rpartition("/")[2] for asked in hubspot.requests]
    return Counter(paths)


def test_an_uninstall_is_found_without_anybody_asking(
    idle: Connection, broker: Broker, hubspot: HubSpot, env_file: Path, tmp_path: Path
) -> None:
    """By ``portalkey work`` alone: two looks, no token asked for, and none renewed."""
    command = ("work", "--once", "--json", "--env-file", str(env_file))
    assert json.loads(run(*command).stdout)["looks"] == {"active": 1}
    shown = run("connections", "show", idle.id, "--env-file", str(env_file)).stdout
    assert "Looked at" in shown
    hubspot.uninstall(idle.hub_id)
    before = kinds(hubspot)
    make_due(tmp_path)
    assert json.loads(run(*command).stdout)["looks"] == {"suspected": 1}
    shown = run("connections", "show", idle.id, "--env-file", str(env_file)).stdout
    assert "inactive by that look" in shown
    make_due(tmp_path)
    said = run("work", "--once", "--env-file", str(env_file)).stdout

    assert "Idle connections looked at: 1 (1 inactive)." in said
    (row,) = broker.connections(idle.owner)
    assert (row.status, row.status_reason) == (ConnectionStatus.NEEDS_RECONNECT, "inactive")
    found = broker.find_events(connection_id=idle.id).events[-1]
    assert (found.name, found.facts) == (EventName.NEEDS_RECONNECT, {"error": "inactive"})
    assert kinds(hubspot) - before == {"introspect": 2}


@pytest.mark.parametrize("fault", ["unavailable", "not_json", "html_403", "drop_before"])
def test_a_hubspot_in_trouble_is_asked_later(
    idle: Connection, broker: Broker, hubspot: HubSpot, fault: Kind, tmp_path: Path
) -> None:
    """Nothing is written but that it was tried, and the report says what was in the way."""
    hubspot.faults.add(fault, at="introspect", times=None)
    report = broker.sweep()
    assert report.trouble is not None
    assert broker.connections(idle.owner)[0].status is ConnectionStatus.CONNECTED
    assert broker.connections(idle.owner)[0].checked_at is None


def test_a_copy_looks_at_nothing(idle: Connection, hubspot: HubSpot, env_file: Path) -> None:
    """HubSpot hears nothing of a grant that production has."""
    env_file.write_text(f"{env_file.read_text()}PORTALKEY_COPY=yes\n")
    before = kinds(hubspot)
    done = run("work", "--once", "--json", "--env-file", str(env_file))

    assert json.loads(done.stdout)["looks"] == {}
    assert kinds(hubspot) == before
