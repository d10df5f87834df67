"""Every command in a terminal: lines that fit, ids in one piece, and JSON that is nothing else."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey.testing.account import connect
from portalkey_simulator import HubSpot
from support.commands import clean_environment, run
from support.environment import environment_of
from support.terminal import run_in_terminal

OWNERS = {"ada": 4410001, "grace.hopper@example.com": 4410001, "auth0|63f1c9e6a5b7d8001e": 4410003}
WIDE = 120
COMMANDS = (
    ("connections", "list"),
    ("connections", "show", "CONNECTION"),
    ("connections", "revoke", "--all", "--dry-run"),
    ("attempts", "show", "ATTEMPT"),
    ("events",),
    ("keys", "status"),
    ("keys", "add"),
    ("keys", "rotate"),
    ("keys", "retire", "test"),
    ("keys", "forget", "test"),
    ("db", "backup", "BACKUP"),
    ("db", "check"),
    ("doctor",),
    ("work", "--once"),
)
OTHERS = (
    ("connections", "--help"),
    ("serve", "--help"),
    ("connections", "show", "nobodys-connection"),
    ("init", "--env-file", "INIT"),
)


@pytest.fixture
def known(broker: Broker, hubspot: HubSpot, tmp_path: Path) -> Mapping[str, str]:
    """What stands for the words in capitals: people have connected, and somebody is trying."""
    for owner, hub_id in OWNERS.items():
        connect(broker, hubspot, owner, hub_id)
    attempt = broker.begin("ada", "a browser").attempt.id
    (row,) = broker.connections("grace.hopper@example.com")
    broker.close()
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    (tmp_path / "out").mkdir()
    return {"CONNECTION": row.id, "ATTEMPT": attempt, "BACKUP": "out/b.db", "INIT": "out/.env"}


def typed(command: tuple[str, ...], known: Mapping[str, str]) -> list[str]:
    """The command as somebody types it."""
    return [known.get(word, word) for word in command]


@pytest.mark.parametrize("columns", [80, WIDE])
def test_what_is_read_in_a_terminal_fits(
    columns: int, known: Mapping[str, str], settings: Settings, tmp_path: Path
) -> None:
    """No line is parted by the terminal, and what is copied stays in one piece."""
    env = {**clean_environment(), **environment_of(settings)}
    commands = (*COMMANDS, *OTHERS) if columns < WIDE else COMMANDS[:5]
    for command in commands:
        words = typed(command, known)
        code, said = run_in_terminal(*words, columns=columns, env=env, cwd=tmp_path)
        lines = [line.rpartition("\r")[2].rstrip() for line in said.splitlines()]
        too_long = [line for line in lines if len(line) > columns and len(line.split()) > 1]

        assert code in {0, 1}, (command, said)
        assert not too_long, (command, said)
        assert "Traceback" not in said
        if command[:2] in {("connections", "list"), ("connections", "show")} and code == 0:
            assert any(known["CONNECTION"] in line.split() for line in lines), said
        if command[:1] in {("events",), ("attempts",)}:
            assert not [line for line in said.splitlines() if line.endswith(" ")], said
        if command[:1] == ("events",):
            assert max(len(line) - len(line.lstrip()) for line in lines) <= 4, said
            assert f"attempt={known['ATTEMPT']}" in said.split()
            assert lines_an_event(lines) <= (2 if columns < WIDE else 1), said
            assert "id=evt_" not in said


def test_what_init_has_people_copy_stands_alone(tmp_path: Path) -> None:
    """No frame, no fold and no full stop gets into a command, a redirect URI or a list of scopes.

    Commands name the file that was written.
    """
    env, url = clean_environment(), "http://localhost:5100"
    callback, simulator = f"{url}/auth/hubspot/callback", ("--simulator", "http://localhost:6121")
    at_hubspot, simulated = (
        run_in_terminal(
            *("init", "--url", url, "--env-file", file, *more), columns=80, env=env, cwd=tmp_path
        )[1]
        for file, more in (("a.env", ()), ("b.env", simulator))
    )
    start = f"portalkey simulate --port 6121 --redirect-uri {callback}"
    serve = "portalkey serve --env-file {}"

    copied = [line.strip() for line in at_hubspot.splitlines() if line.startswith(" " * 5)]
    assert copied == [callback, "oauth crm.objects.contacts.read", serve.format("a.env")]
    copied = [line.strip() for line in simulated.splitlines() if line.startswith(" " * 5)]
    assert copied == [start, serve.format("b.env")]
    assert [line for line in at_hubspot.splitlines() if "│" in line] == [
        "│ Wrote a.env, with a fresh key. Back the key up. │"
    ]


def lines_an_event(lines: list[str]) -> int:
    """The most lines that one of the events in *lines* takes."""
    numbers = [0]
    for line in lines:
        if re.search("[0-9]{4}-[0-9]{2}-[0-9]{2} ", line):
            numbers.append(0)
        numbers[-1] += bool(line)
    return max(numbers)


def test_what_programs_read_is_json_alone(
    known: Mapping[str, str], settings: Settings, tmp_path: Path
) -> None:
    """One object, or one a line; no colour, no bar, and no sentence between."""
    env_file = tmp_path / "app.env"
    values = environment_of(settings)
    env_file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    for command in COMMANDS:
        done = run(*typed(command, known), "--json", "--env-file", str(env_file), cwd=tmp_path)

        assert "\x1b" not in done.stdout
        assert is_json(done.stdout), (command, done.stdout, done.stderr)


def is_json(text: str) -> bool:
    """True for one value, and for one a line."""
    try:
        json.loads(text)
    except ValueError:
        lines = text.splitlines()
        return len(lines) > 1 and all(isinstance(json.loads(line), dict) for line in lines)
    return True


@pytest.mark.parametrize("typed", ["n\n", "\x04"], ids=["n", "ctrl-d"])
def test_whoever_says_no_has_made_no_mistake(
    typed: str, known: Mapping[str, str], settings: Settings, tmp_path: Path
) -> None:
    """Nothing was done, and that is all there is to say to somebody who is there to answer."""
    env = {**clean_environment(), **environment_of(settings)}
    command = ("connections", "disconnect", known["CONNECTION"])
    code, said = run_in_terminal(*command, columns=80, env=env, cwd=tmp_path, typed=typed)

    assert (code, said[said.rindex(":") + 2 :].strip()) == (1, "Nothing was done.")
    assert "Error" not in said


def test_a_long_owner_is_shortened_in_its_middle(
    broker: Broker, hubspot: HubSpot, settings: Settings, tmp_path: Path
) -> None:
    """Rather than parted within a word; a row stays a line."""
    owner = "bartholomew.featherstonehaugh-cholmondeley@customers.example.com"
    connect(broker, hubspot, owner, 4410001)
    link = broker.invite(owner).invitation.id
    (row,) = broker.connections(owner)
    broker.close()
    env = {**clean_environment(), **environment_of(settings)}
    for words, name in ((("connections", "list"), row.id), (("links", "list"), link)):
        _, said = run_in_terminal(*words, columns=80, env=env, cwd=tmp_path)
        (line,) = [each for each in said.splitlines() if name in each]
        assert "…" in line
        assert "bart" in line
        assert ".com" in line
