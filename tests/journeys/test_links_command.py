"""Links by commands and in the console: made, listed, withdrawn."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portalkey.broker import Broker
from portalkey.cli.group import cli
from portalkey.model.events import EventName
from support.operating_console import Operator, host_app
from support.visitor import query_of


def run(env_file: Path, *arguments: str) -> Result:
    """Run a command over the app's settings."""
    ours = {name: None for name in os.environ if name.startswith(("PORTALKEY_", "HUBSPOT_"))}
    return CliRunner().invoke(cli, (*arguments, "--env-file", str(env_file)), env=ours)


def test_a_link_is_made_listed_and_withdrawn(env_file: Path, broker: Broker) -> None:
    """It is printed once, alone on stdout; the list and the store have no secret of it."""
    made = run(env_file, "links", "create", "studio", "--hub-id", "4410001", "--scope", "tickets")
    link = made.stdout.strip()
    listed = run(env_file, "links", "list")
    (row,) = json.loads(run(env_file, "links", "list", "--owner", "studio", "--json").stdout)[
        "links"
    ]

    assert link.startswith(f"{broker.settings.public_url}/auth/hubspot/invite?link=")
    assert "not shown again" in made.stderr
    assert (row["status"], row["hub_id"], row["scopes"]) == ("open", 4410001, ["tickets"])
    assert query_of(link)["link"] not in listed.stdout + json.dumps(row)
    assert row["id"] in listed.stdout
    assert "Withdrawn." in run(env_file, "links", "withdraw", row["id"]).stdout
    assert "ended already (withdrawn)" in run(env_file, "links", "withdraw", row["id"]).stdout
    assert run(env_file, "links", "withdraw", "n" * 22).exit_code == 1


@pytest.mark.parametrize("wrong", [("--hours", "0"), ("--scope", "a b"), ("--name", " ")])
def test_a_link_that_cannot_be(env_file: Path, wrong: tuple[str, str]) -> None:
    """The command says what is wrong, and makes none."""
    assert run(env_file, "links", "create", "studio", *wrong).exit_code == 2
    assert "There is no link." in run(env_file, "links", "list").stdout


def test_a_link_for_a_program(env_file: Path) -> None:
    """One object, with the link in it."""
    made = json.loads(run(env_file, "links", "create", "studio", "--json").stdout)

    assert made["link"].endswith(query_of(made["link"])["link"])
    assert made["status"] == "open"


def test_the_console_lists_links_and_withdraws_one(broker: Broker) -> None:
    """Asked about first; the audit names the operator, and no page has the secret."""
    invited = broker.invite("studio")
    operator = Operator(host_app(broker), broker)
    path = f"/links/{invited.invitation.id}/withdraw"
    page = operator.get("/links").text
    assert "Not opened yet" in page
    assert query_of(invited.link)["link"] not in page
    assert "Withdraw this link?" in operator.get(path).text

    done = operator.confirm(path)

    assert done.headers["Location"] == "/console/links?done=withdrawn"
    assert "Withdrawn" in operator.get("/links").text
    assert operator.get(path).headers["Location"] == "/console/links?done=already"
    events = broker.find_events(limit=1000).events
    (event,) = [each for each in events if each.name is EventName.INVITATION_WITHDRAWN]
    assert event.facts["operator"] == "grace"
