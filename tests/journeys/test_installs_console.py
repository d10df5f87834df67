"""Installs that wait, in the operator's console and by its command."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from portalkey.broker import Broker
from portalkey.model.events import EventName
from portalkey.settings import Settings
from portalkey.web.console.context import exact
from portalkey_simulator import HubSpot
from support.commands import run
from support.environment import environment_of
from support.operating import leave_install
from support.operating_console import Operator, host_app, words


@pytest.fixture
def operator(broker: Broker) -> Operator:
    """Grace, who may."""
    app: Flask = host_app(broker)
    return Operator(app, broker)


def test_installs_are_listed(operator: Operator, broker: Broker) -> None:
    """Account, state, times, and the way to end each; nothing sealed, no token, no ticket."""
    assert "No install waits" in operator.get("/installs").text
    first, ada = leave_install(broker), leave_install(broker, owner="ada")

    page = operator.page("/console/installs")
    text, rows = words(page), [words(each) for each in page.select("tbody tr")]

    assert len(rows) == 2
    assert any("Waits for anybody" in row and first.id in row for row in rows)
    assert any("Waits for its owner" in row and "ada" in row for row in rows)
    assert all("lighthouse.example" in row and "4410051" in row for row in rows)
    for each in broker.pending_installs():
        (shown,) = [row for row in rows if each.id in row]
        assert exact(each.expires_at) in shown
        assert exact(each.claimed_at) in shown
    assert page.select_one(f"a[href='/console/installs/{first.id}/give-back']")
    assert page.select_one("a[aria-current=page]")
    row = broker.vault.store.attempt(ada.id)
    assert row
    for secret in ("canary", row.sealed_grant, broker.ticket_of_install(row), row.state_hash):
        assert str(secret) not in text + str(page)


def test_an_install_whose_key_is_missing_is_listed(operator: Operator, broker: Broker) -> None:
    """By the number of its account, which is not sealed."""
    attempt = leave_install(broker)
    row = broker.vault.store.attempt(attempt.id)
    assert row
    other = row.sealed_grant.replace("v1.test.", "v1.lost.") if row.sealed_grant else ""
    assert other.startswith("v1.lost.")
    assert broker.vault.store.reseal_attempts([(row, replace(row, sealed_grant=other))]) == 1

    page = operator.page("/console/installs")
    assert "4410051" in words(page)
    assert "lighthouse" not in words(page)


def test_giving_one_back_is_asked_about_and_names_the_operator(
    operator: Operator, broker: Broker, hubspot: HubSpot
) -> None:
    """A page says what it means; then it is done, HubSpot is told, and the audit says by whom."""
    attempt = leave_install(broker)
    path = f"/installs/{attempt.id}/give-back"
    asked = operator.get(path)
    assert "Give back the install in lighthouse.example?" in asked.text
    assert len(broker.pending_installs()) == 1

    done = operator.confirm(path)

    assert done.headers["Location"] == "/console/installs?done=given-back"
    assert "It is given back" in operator.get("/installs?done=given-back").text
    assert broker.pending_installs() == []
    broker._background.join()
    assert [each.path for each in hubspot.requests if "revoke" in each.path]
    (told,) = broker.vault.store.events(attempt_id=attempt.id)[1:]
    assert (told.name, told.facts) == (EventName.INSTALL_WITHDRAWN, {"operator": "grace"})
    assert operator.get(path).headers["Location"] == "/console/installs?done=already"
    assert "does not wait any more" in operator.get("/installs?done=already").text


def test_two_operators_at_once(operator: Operator, broker: Broker) -> None:
    """The second reads that it was done already, and the audit has it once."""
    path = f"/installs/{leave_install(broker).id}/give-back"
    other = Operator(host_app(broker), broker, "alan")
    forms = operator.form(path), other.form(path)

    first, second = operator.post(path, forms[0]), other.post(path, forms[1])

    assert first.headers["Location"].endswith("?done=given-back")
    assert second.headers["Location"].endswith("?done=already")


@pytest.mark.parametrize("which", ["usual", "unknown"])
def test_what_is_no_install_is_not_given_back(
    operator: Operator, broker: Broker, which: str
) -> None:
    """A person's own attempt is not ended here, nor anything of another app's."""
    usual = broker.begin("ada", "browser").attempt
    path = f"/installs/{usual.id if which == 'usual' else 'x'}/give-back"

    assert operator.get(path).status_code == 404
    row = broker.vault.store.attempt(usual.id)
    assert row
    assert row.is_open


def test_the_command_speaks_to_programs(broker: Broker, settings: Settings, tmp_path: Path) -> None:
    """One object a line, and one of what was ended."""
    attempt = leave_install(broker)
    env_file = tmp_path / "portalkey.env"
    lines = [f"{name}={value}" for name, value in environment_of(settings).items()]
    env_file.write_text("\n".join(lines))
    env_file.chmod(0o600)

    listed = run("installs", "list", "--json", "--env-file", str(env_file))
    row = json.loads(listed.stdout)
    ended = run("installs", "withdraw", attempt.id, "--yes", "--json", "--env-file", str(env_file))

    assert (row["id"], row["hub_id"], row["owner"]) == (attempt.id, 4410051, None)
    assert {"came", "ends"} <= row.keys()
    assert json.loads(ended.stdout) == {"withdrawn": attempt.id}
    assert broker.pending_installs() == []
