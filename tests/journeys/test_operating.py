"""Whoever runs the app sees and ends connections, by commands of their own."""

import csv
import json
import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portalkey.broker import Broker
from portalkey.cli.group import cli
from portalkey.cli.owner_hash import make_hash
from portalkey.errors import HubSpotRefused, NotConnected
from portalkey.testing.account import connect
from portalkey_simulator import HubSpot
from portalkey_simulator.faults.fault_kinds import Fault
from support.commands import PORTALKEY, clean_environment, run, running
from support.patience import PATIENCE
from support.visitor import Visitor


@pytest.fixture
def owners(broker: Broker, hubspot: HubSpot) -> tuple[str, ...]:
    """Three owners, two of whom are connected to portal 4410001."""
    for owner, hub_id in (("ada", 4410001), ("grace", 4410001), ("tenant 17", 4410002)):
        connect(broker, hubspot, owner, hub_id)
    return ("ada", "grace", "tenant 17")


class Operator:
    """Runs commands over the app's settings, in this process: starting one takes a second."""

    def __init__(self, env_file: Path) -> None:
        self.env_file = env_file

    def run(self, *arguments: str, answer: str = "") -> Result:
        """Run a command, answered with *answer* where it asks."""
        ours = {name: None for name in os.environ if name.startswith(("PORTALKEY_", "HUBSPOT_"))}
        arguments = (*arguments, "--env-file", str(self.env_file))
        return CliRunner().invoke(cli, arguments, input=answer, env=ours)

    def read(self, *arguments: str) -> Any:
        """What a command says in JSON."""
        done = self.run(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def owners(self, *narrowing: str) -> list[str]:
        """The owners of the connections that are listed."""
        found = self.read("connections", "list", *narrowing)["connections"]
        return sorted(each["owner"] for each in found)


@pytest.fixture
def operator(env_file: Path) -> Operator:
    """Somebody in a shell."""
    return Operator(env_file)


def revocations(hubspot: HubSpot) -> int:
    """How often HubSpot was told to forget a token."""
    return sum(asked.path.endswith("/token/revoke") for asked in hubspot.requests)


def test_who_is_connected_to_a_portal(operator: Operator, owners: tuple[str, ...]) -> None:
    """One command, for people and for programs."""
    done = run("connections", "list", "--hub-id=4410001", "--env-file", str(operator.env_file))

    lines = done.stdout.splitlines()
    assert sorted(line.split()[1] for line in lines[1:]) == ["ada", "grace"]
    assert "harbourpine.example" in lines[1]
    assert operator.owners("--hub-id", "4410001") == ["ada", "grace"]
    assert operator.owners("--domain", "Nordlicht.example") == ["tenant 17"]
    assert operator.owners("--owner", "ada") == ["ada"]
    assert operator.owners("--key", "test") == sorted(owners)
    assert operator.owners("--status", "disconnected") == []
    nothing = operator.run("connections", "list", "--owner", "nobody")
    assert (nothing.exit_code, nothing.stdout) == (0, "No connection was found.\n")


def test_a_long_list_goes_on_behind_its_cursor(operator: Operator, owners: tuple[str, ...]) -> None:
    """People are told that there is more; programs are given where it begins."""
    short = operator.run("connections", "list", "--limit", "2")
    assert len(short.stdout.splitlines()) == 3
    assert "There are more" in short.stderr

    first = operator.read("connections", "list", "--limit", "2")
    rest = operator.read("connections", "list", "--cursor", first["cursor"])
    found = {each["owner"] for each in (*first["connections"], *rest["connections"])}
    assert (found, rest["cursor"]) == (set(owners), None)
    wrong = operator.run("connections", "list", "--json", "--cursor", "nonsense")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "Begin without one" in wrong.stderr


def wait_until_not_connected(broker: Broker, owner: str) -> None:
    """Return once this process has heard of the end: 50 ms after another process's commit."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            broker.access_token(owner)
        except NotConnected:
            return
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_connection_is_shown_and_ended(
    operator: Operator, owners: tuple[str, ...], broker: Broker, hubspot: HubSpot
) -> None:
    """All that is known of it, never its tokens; ending it is asked for once."""
    token = broker.access_token("ada")
    (row,) = broker.connections("ada")
    shown = operator.run("connections", "show", row.id)
    told = operator.read("connections", "show", row.id)

    assert "maya@harbourpine.example" in shown.stdout
    assert told["owner"] == "ada"
    assert told["events"][-1]["name"] == "connected"
    sealed = row.sealed
    assert sealed is not None
    for secret in (token, sealed.access, sealed.refresh, sealed.fingerprint):
        assert secret not in shown.stdout + json.dumps(told)

    kept = operator.run("connections", "disconnect", row.id, answer="n\n")
    assert (kept.exit_code, "ada" in kept.stderr) == (1, True)
    assert broker.access_token("ada")
    ended = operator.run("connections", "disconnect", row.id, answer="y\n")
    assert ended.stdout.startswith("Disconnected."), ended.stderr
    assert revocations(hubspot) == 1
    wait_until_not_connected(broker, "ada")
    again = operator.run("connections", "disconnect", row.id, "--yes")
    assert (again.exit_code, "already" in again.stdout) == (0, True)


def test_unknown_ids_are_told(operator: Operator, owners: tuple[str, ...]) -> None:
    """One sentence with where to look, and exit code 1."""
    for arguments in (
        ("connections", "show", "-Ki3ERozOjwN36U5yQwZ9w"),
        ("connections", "disconnect", "nonsense", "--yes"),
        ("attempts", "show", "nonsense"),
    ):
        done = operator.run(*arguments)
        assert (done.exit_code, done.stdout) == (1, ""), done.stderr
        assert "Error: There is no " in done.stderr
        assert "Traceback" not in done.stderr


def test_the_audit_says_who_it_was(
    operator: Operator, owners: tuple[str, ...], broker: Broker, env_file: Path
) -> None:
    """Whatever a command ends, by its login or as they call themselves."""
    env_file.write_text(f"{env_file.read_text()}PORTALKEY_OPERATOR=maya\n")
    ids = {each.owner: each.id for each in broker.find().connections}
    for act in (
        ("connections", "disconnect", ids["ada"], "--yes"),
        ("connections", "disconnect", ids["tenant 17"], "--uninstall", "--yes"),
        ("connections", "revoke", "--all", "--yes"),
        ("connections", "erase", "--owner", "ada", "--yes"),
        ("links", "create", "grace"),
    ):
        assert operator.run(*act).exit_code == 0, act
    (link,) = broker.invitations()
    assert operator.run("links", "withdraw", link.id).exit_code == 0

    done = {
        each.name: each.facts.get("operator")
        for each in broker.find_events().events
        if each.name not in {"connected", "attempt_started", "revoked"}
    }
    assert done == dict.fromkeys(
        ("uninstalled", "disconnected", "owner_erased", "invited", "invitation_withdrawn"), "maya"
    )
    assert "operator=maya" in operator.run("events").stdout


def test_all_are_revoked_after_a_typed_word(
    operator: Operator, owners: tuple[str, ...], broker: Broker, hubspot: HubSpot
) -> None:
    """A dry run changes nothing, nor does a wrong word; then nothing is left, and it says so."""
    assert operator.run("connections", "revoke", "--yes").exit_code == 2
    would = operator.read("connections", "revoke", "--all", "--dry-run")
    assert would == {"dry_run": True, "connections": 3}
    wrong = operator.run("connections", "revoke", "--all", answer="yes\n")
    assert (wrong.exit_code, operator.owners()) == (1, sorted(owners))
    young = operator.read("connections", "revoke", "--all", "--yes", "--older-than", "1d")
    assert young["connections"] == 0
    one = operator.run("connections", "revoke", "--all", "--owner", "ada", answer="revoke 1\n")
    assert one.stdout == "Ended 1 connection. HubSpot was told to forget 1 refresh token.\n"

    done = operator.read("connections", "revoke", "--all", "--yes")
    assert done == {"dry_run": False, "connections": 2, "revoked": 2, "owed": 0}
    assert (operator.owners(), revocations(hubspot)) == ([], 3)
    for owner in owners:
        wait_until_not_connected(broker, owner)
    nothing = operator.run("connections", "revoke", "--all", "--yes")
    assert nothing.stdout == "No connection was found; there is nothing to end.\n"


def test_what_hubspot_does_not_hear_is_still_owed(
    operator: Operator, owners: tuple[str, ...], hubspot: HubSpot
) -> None:
    """All tokens are erased here at once, and it is said what HubSpot does not know."""
    hubspot.stop()
    done = operator.run("connections", "revoke", "--all", "--yes")

    assert (done.exit_code, operator.owners()) == (0, [])
    assert "HubSpot does not know of 3 refresh tokens yet" in done.stderr


def test_revoking_goes_on_where_it_was_killed(
    operator: Operator, broker: Broker, hubspot: HubSpot
) -> None:
    """Killed while HubSpot is told; the next run tells it the rest."""
    for number in range(8):
        connect(broker, hubspot, f"owner {number}")
    command = ["connections", "revoke", "--all", "--yes", "--env-file", str(operator.env_file)]
    with subprocess.Popen([*PORTALKEY, *command], env=clean_environment()) as process:
        deadline = time.monotonic() + PATIENCE
        while not revocations(hubspot):
            assert time.monotonic() < deadline
        process.kill()
    assert operator.owners() == []

    # The one that was being sent is claimed for a minute.
    done = operator.run("connections", "revoke", "--all", "--yes")
    assert done.exit_code == 0, done.stderr
    assert revocations(hubspot) >= 7
    assert broker.stats().outbox <= 1


def test_two_operators_at_once(operator: Operator, broker: Broker, hubspot: HubSpot) -> None:
    """Each connection is ended once, and HubSpot is told once of each."""
    for number in range(8):
        connect(broker, hubspot, f"owner {number}")
    command = [*PORTALKEY, "connections", "revoke", "--all", "--yes", "--json"]
    command += ["--env-file", str(operator.env_file)]
    both = [
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )
        for _ in range(2)
    ]
    told = [json.loads(each.communicate()[0]) for each in both]

    assert sum(each["connections"] for each in told) == 8
    assert (operator.owners(), revocations(hubspot)) == ([], 8)


def test_a_quoted_reference_says_what_happened(
    operator: Operator, visitor: Visitor, broker: Broker, hubspot: HubSpot
) -> None:
    """In words, with what to answer."""
    reference = "-ReferenceOfThePage_22"
    callback = hubspot.deny(visitor.begin(reference))
    back = visitor.get(callback.removeprefix(visitor.app_url))
    assert reference in visitor.get(back.headers["location"]).text.partition("<main>")[2]

    done = operator.run("attempts", "show", reference)
    assert "did not agree on HubSpot's page" in done.stdout, done.stderr
    assert "ask a Super Admin" in done.stdout
    assert visitor.owner in done.stdout
    words = operator.run("attempts", "show", reference, "·", "declined")
    assert words.stdout == done.stdout, words.stderr
    told = operator.read("attempts", "show", f"{reference} · declined")
    assert (told["status"], told["error"]) == ("failed", "declined")
    assert [each["name"] for each in told["events"]] == ["attempt_started", "attempt_failed"]
    assert not [name for name in told if "hash" in name or "sealed" in name]


def test_attempts_are_listed(
    operator: Operator, visitor: Visitor, broker: Broker, hubspot: HubSpot
) -> None:
    """Whoever has no reference finds it: the newest first, in words, page by page."""
    assert "No attempt was found." in operator.run("attempts", "list").stdout
    for reference in ("first-of-the-3-tries-1", "-second-of-the-3-tries"):
        callback = hubspot.deny(visitor.begin(reference))
        visitor.get(callback.removeprefix(visitor.app_url))
    visitor.begin("third-of-the-3-tries-3")

    titles, *lines = operator.run("attempts", "list").stdout.splitlines()
    assert titles.split("  ")[0] == "Reference"
    assert [line.split()[0] for line in lines] == [
        "third-of-the-3-tries-3",
        "-second-of-the-3-tries",
        "first-of-the-3-tries-1",
    ]
    assert lines[0].endswith("at HubSpot")
    assert lines[1].endswith("failed: not agreed to at HubSpot")
    assert visitor.owner in lines[0]

    told = operator.read("attempts", "list", "--status", "failed", "--since", "1h", "--limit", "1")
    assert [each["id"] for each in told["attempts"]] == ["-second-of-the-3-tries"]
    assert told["attempts"][0]["answer"]
    assert not [name for name in told["attempts"][0] if "hash" in name or "sealed" in name]
    more = ("--cursor", told["cursor"])
    told = operator.read("attempts", "list", "--status", "failed", *more)
    assert [each["id"] for each in told["attempts"]] == ["first-of-the-3-tries-1"]
    assert told["cursor"] is None
    assert operator.run("attempts", "list", *more).exit_code == 2
    assert operator.run("attempts", "list", "--owner", "").exit_code == 2
    assert operator.read("attempts", "list", "--owner", "nobody")["attempts"] == []
    few = operator.run("attempts", "list", "--limit", "1")
    assert "There are older ones" in few.stderr
    assert len(operator.read("attempts", "list")["attempts"]) == 3


def test_a_connection_says_how_the_log_calls_its_owner(
    operator: Operator, owners: tuple[str, ...], broker: Broker
) -> None:
    """So that one gets from a person to their lines."""
    (row,) = operator.read("connections", "list", "--owner", "ada")["connections"]
    told = operator.read("connections", "show", row["id"])

    assert told["owner_in_log"] == [make_hash(broker)("ada")]
    assert told["owner_in_log"][0] in operator.run("connections", "show", row["id"]).stdout


def test_events_of_one_time_are_asked_for_by_the_clock(
    operator: Operator, owners: tuple[str, ...]
) -> None:
    """Of today in UTC, from then and until then."""
    now = datetime.now(UTC)
    midnight = operator.run("events", "--since", "0:00").stdout.splitlines()
    ended = operator.run("events", "--owner", "ada", "--until", "2001-01-01")
    together = operator.run("events", "--follow", "--until", "10:14")

    assert len(midnight) == 2 * len(owners) or now.hour == 0
    assert (ended.stdout, ended.exit_code) == ("", 0)
    assert "Nothing is kept of this owner in this time" in ended.stderr
    assert "Leave out --until" in together.stderr


def test_events_are_told_in_three_ways(operator: Operator, owners: tuple[str, ...]) -> None:
    """Lines for people, JSON and CSV for programs."""
    people = operator.run("events", "--owner", "ada").stdout.splitlines()
    programs = operator.run("events", "--json", "--since", "1h").stdout.splitlines()
    sheet = list(csv.DictReader(operator.run("events", "--csv").stdout.splitlines()))

    assert [line.split()[2] for line in people] == ["attempt_started", "connected"]
    told = [json.loads(line) for line in programs]
    assert [(each["name"], each["owner"]) for each in told][-1] == ("connected", "tenant 17")
    assert [row["name"] for row in sheet] == [each["name"] for each in told]
    row = told[-1]["connection_id"]
    assert len(operator.run("events", "--connection", row).stdout.splitlines()) == 1
    assert operator.run("events", "--json", "--csv").exit_code == 2
    assert "Nothing is kept of this owner" in operator.run("events", "--owner", "nobody").stderr


def test_events_are_followed(operator: Operator, owners: tuple[str, ...], broker: Broker) -> None:
    """What happens meanwhile is shown as well."""
    arguments = ("events", "--follow", "--since", "1h", "--env-file", str(operator.env_file))
    lines: list[str] = []
    with running(*arguments, ready="tenant 17", lines=lines) as process:
        broker.on_user_deleted("grace")
        assert process.stdout is not None
        while "disconnected" not in lines[-1]:
            lines.append(process.stdout.readline())

    assert "grace" in lines[-1]
    assert len(lines) == len(set(lines))


def test_an_owner_is_exported_and_erased(
    operator: Operator, owners: tuple[str, ...], broker: Broker, hubspot: HubSpot
) -> None:
    """Shown whole and without secrets, erased after their name is typed, and gone."""
    token = broker.access_token("ada")
    kept = json.loads(operator.run("connections", "export", "--owner", "ada").stdout)
    assert kept["connections"][0]["user_email"] == "maya@harbourpine.example"
    assert [each["name"] for each in kept["events"]] == ["attempt_started", "connected"]
    assert len(kept["attempts"]) == 1
    assert token not in json.dumps(kept)
    assert not [name for name in kept["attempts"][0] if "hash" in name or "sealed" in name]

    wrong = operator.run("connections", "erase", "--owner", "ada", answer="ada\n")
    assert (wrong.exit_code, operator.owners()) == (1, sorted(owners))
    done = operator.run("connections", "erase", "--owner", "ada", answer="erase ada\n")
    assert done.stdout.startswith("Erased: 1 connection, 1 attempt, 2 events."), done.output
    assert operator.owners() == ["grace", "tenant 17"]
    wait_until_not_connected(broker, "ada")
    assert revocations(hubspot) == 1
    told = [json.loads(line) for line in operator.run("events", "--json").stdout.splitlines()]
    assert "ada" not in {each["owner"] for each in told}
    again = operator.run("connections", "erase", "--owner", "ada")
    assert (again.exit_code, again.stdout) == (0, "Nothing is kept of this owner.\n")
    for arguments in (["erase"], ["erase", "--owner", " "], ["export", "--owner", ""]):
        assert operator.run("connections", *arguments).exit_code == 2


def test_the_app_is_taken_out_of_an_account(
    operator: Operator, owners: tuple[str, ...], broker: Broker, hubspot: HubSpot
) -> None:
    """It is said whom it ends for; then nobody there has a token, and others keep theirs."""
    (row,) = broker.connections("ada")
    unsure = operator.run("connections", "disconnect", row.id, "--uninstall", answer="y\n")
    assert "for everybody there: 1 other owner here" in unsure.stderr
    assert unsure.exit_code == 1
    assert broker.access_token("grace")

    done = operator.run("connections", "disconnect", row.id, "--uninstall", "--yes")
    assert done.exit_code == 0, done.output
    assert [asked.method for asked in hubspot.requests if "install" in asked.path] == ["DELETE"]
    assert operator.owners("--hub-id", "4410001", "--status", "needs_reconnect") == ["grace"]
    assert broker.connections("ada") == []
    assert broker.stats().outbox == 0
    assert broker.access_token("tenant 17")
    again = operator.run("connections", "disconnect", row.id, "--uninstall", "--yes")
    assert (again.exit_code, "Connected Apps" in again.stderr) == (1, True)


def test_an_uninstall_that_hubspot_does_not_hear_is_owed(
    operator: Operator, owners: tuple[str, ...], broker: Broker, hubspot: HubSpot
) -> None:
    """It is said that it will be tried again, and a worker does; the account's others end then."""
    (row,) = broker.connections("ada")
    hubspot.stop()
    done = operator.run("connections", "disconnect", row.id, "--uninstall", "--yes")
    assert done.exit_code == 0, done.output
    assert "owed; it will be tried again" in done.stdout
    assert operator.owners("--hub-id", "4410001") == ["grace"]
    again = operator.run("connections", "disconnect", row.id, "--uninstall", "--yes")
    assert (again.exit_code, "is owed is tried again" in again.stderr) == (1, True)

    hubspot.start()
    assert operator.run("work", "--once").exit_code == 0
    assert operator.owners("--hub-id", "4410001", "--status", "needs_reconnect") == ["grace"]
    told = [json.loads(line) for line in operator.run("events", "--json").stdout.splitlines()]
    names = [each["name"] for each in told if each["connection_id"] == row.id]
    assert names[-3:] == ["disconnected", "uninstall_owed", "uninstalled"]


def test_an_account_that_hubspot_refuses_to_leave_stays_connected(
    operator: Operator, owners: tuple[str, ...], broker: Broker, hubspot: HubSpot
) -> None:
    """Nothing was changed, and it is said why."""
    (row,) = broker.connections("ada")
    hubspot.faults.add(Fault("answer", status=418), at="uninstall")
    done = operator.run("connections", "disconnect", row.id, "--uninstall", "--yes")

    assert isinstance(done.exception, HubSpotRefused)
    assert operator.owners("--hub-id", "4410001") == ["ada", "grace"]


def test_nothing_is_listed_without_settings(tmp_path: Path) -> None:
    """As with every command: what is missing is said."""
    done = run("connections", "list", cwd=tmp_path)

    assert done.returncode == 1
    assert "HUBSPOT_CLIENT_ID" in done.stderr
