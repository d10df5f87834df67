"""What an operator meets on a bad day: nobody to answer, two at once, a store that is not right."""

import json
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from portalkey.broker import Broker
from portalkey.testing.account import connect
from portalkey_simulator import HubSpot
from support.commands import PORTALKEY, clean_environment, run

NEWER = "UPDATE portalkey_alembic_version SET version_num = '9999'"
HALF = "DROP TABLE portalkey_outbox"


@pytest.fixture
def ada(broker: Broker, hubspot: HubSpot) -> str:
    """The id of Ada's connection."""
    connect(broker, hubspot, "ada", 4410001)
    (row,) = broker.connections("ada")
    return row.id


def kept(broker: Broker, hubspot: HubSpot) -> tuple[int, int]:
    """How many of Ada's connections live, and how often HubSpot was told of an end."""
    told = sum("revoke" in each.path or "install" in each.path for each in hubspot.requests)
    return len(broker.connections("ada")), told


@pytest.mark.parametrize(
    "command",
    [
        ("connections", "disconnect", "ID"),
        ("connections", "disconnect", "ID", "--uninstall"),
        ("connections", "revoke", "--all"),
        ("connections", "erase", "--owner", "ada"),
    ],
    ids=" ".join,
)
def test_where_nobody_can_answer_nothing_is_done(
    command: tuple[str, ...], ada: str, broker: Broker, hubspot: HubSpot, env_file: Path
) -> None:
    """A job of the night hears that it has to say --yes."""
    arguments = [ada if each == "ID" else each for each in command]
    done = run(*arguments, "--env-file", str(env_file))

    assert (done.returncode, done.stdout) == (1, "")
    assert "Nothing was done. Where nobody can answer, add --yes." in done.stderr
    assert kept(broker, hubspot) == (1, 0)


@pytest.mark.parametrize(
    "command",
    [
        ("connections", "disconnect", "ID", "--yes"),
        ("connections", "disconnect", "ID", "--uninstall", "--yes"),
        ("connections", "erase", "--owner", "ada", "--yes"),
    ],
    ids=" ".join,
)
def test_two_operators_do_the_same_at_once(
    command: tuple[str, ...], ada: str, broker: Broker, hubspot: HubSpot, env_file: Path
) -> None:
    """One does it, and the other hears so or comes too late; no traceback, and nothing is left."""
    arguments = [ada if each == "ID" else each for each in command]
    both = [
        subprocess.Popen(
            [*PORTALKEY, *arguments, "--env-file", str(env_file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )
        for _ in range(2)
    ]
    told = ["".join(each.communicate()) for each in both]

    assert 0 in {each.returncode for each in both}, told
    assert "Traceback" not in "".join(told)
    living, times = kept(broker, hubspot)
    assert (living, broker.stats().outbox) == (0, 0)
    # Both may have HubSpot take the app out before one of them erases, which revokes once more.
    assert 1 <= times <= (3 if "--uninstall" in command else 2)


def test_a_reader_that_goes_early_is_no_mistake(ada: str, env_file: Path) -> None:
    """As ``| head -1`` does."""
    command = [*PORTALKEY, "events", "--json", "--env-file", str(env_file)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment()
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()

    assert said == b""


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("connections", "list", "--status", "asleep"), "'asleep' is not one of"),
        (("connections", "list", "--cursor", "nonsense"), "Begin without one"),
        (("events", "--since", "yesterday"), "yesterday"),
        (("connections", "revoke", "--all", "--older-than", "long"), "long"),
        (("keys", "retire", "nobodys"), "There is no key nobodys"),
        (("attempts", "show", "nobodys"), "There is no "),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_is_unknown_is_told(
    command: tuple[str, ...], sentence: str, ada: str, env_file: Path
) -> None:
    """In a sentence that says what to write instead, or where to look."""
    done = run(*command, "--env-file", str(env_file))

    assert done.returncode in {1, 2}
    assert done.stdout == ""
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def spoil(ada: str, broker: Broker, tmp_path: Path) -> Callable[[str], None]:
    """Does something to the store that no portalkey would do."""

    def change(statement: str) -> None:
        broker.close()
        with sqlite3.connect(tmp_path / "portalkey.db") as file:
            file.execute(statement)
        file.close()

    return change


@pytest.mark.parametrize("command", [("connections", "list"), ("keys", "rotate"), ("events",)])
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [(NEWER, "was made by a newer portalkey"), (HALF, "has lost portalkey_outbox")],
    ids=["newer", "half restored"],
)
def test_a_store_that_is_not_right_is_not_worked_on(
    command: tuple[str, ...],
    statement: str,
    sentence: str,
    spoil: Callable[[str], None],
    env_file: Path,
) -> None:
    """The command says what to do, and so does ``db check``."""
    spoil(statement)
    done = run(*command, "--env-file", str(env_file))
    check = run("db", "check", "--json", "--env-file", str(env_file))

    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert check.returncode == 1
    assert any(each["state"] == "problem" for each in json.loads(check.stdout)["checks"])
