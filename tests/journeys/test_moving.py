"""``portalkey db move``: from a file to PostgreSQL, as an operator does it."""

import json
import os
import pty
import shlex
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet

from portalkey.model.events import Event, EventName
from portalkey.testing.samples import connect
from portalkey.vault import SQLStore
from portalkey.vault.sql.copy import BATCH
from support.commands import PORTALKEY, clean_environment, run
from support.patience import PATIENCE
from support.postgres_server import changed

pytest_plugins = ("support.postgres",)

PASSWORD = "canary-password"
COPIES = """
WITH RECURSIVE n(i) AS (SELECT 2 UNION SELECT i + 1 FROM n WHERE i < :last)
INSERT INTO portalkey_events (id, at, name, owner, facts)
SELECT i, at, name, owner, facts FROM n, portalkey_events
"""
RIVAL = (
    "INSERT INTO portalkey.portalkey_events VALUES (%(id)s, 0, 'connected', NULL, NULL, NULL, '{}')"
)
NOWHERE = f"postgresql://portalkey:{PASSWORD}@127.0.0.1:1/portalkey"


@pytest.fixture
def old_url(tmp_path: Path) -> str:
    """Where the store is."""
    return f"sqlite:///{tmp_path / 'portalkey.db'}"


@pytest.fixture
def old(old_url: str) -> Iterator[SQLStore]:
    """The store that is moved, with two connections and an event."""
    with closing(SQLStore.open(old_url)) as store:
        for owner in ("ada", "bob"):
            connect(store, owner=owner)
        store.record(Event(EventName.CONNECTED, owner="ada"))
        yield store


@pytest.fixture
def env_file(tmp_path: Path, old_url: str) -> str:
    """The settings, which name the old store."""
    path = tmp_path / "move.env"
    path.write_text(
        f"HUBSPOT_CLIENT_ID=app\nHUBSPOT_CLIENT_SECRET=canary-secret\n"
        f"PORTALKEY_KEYS=test:{Fernet.generate_key().decode()}\n"
        f"PORTALKEY_DATABASE_URL={old_url}\n"
    )
    return str(path)


@pytest.fixture
def new_url(migrated_postgres_url: str) -> str:
    """Where to, with a password that the server does not ask for."""
    return changed(migrated_postgres_url, password=PASSWORD)


def move(url: str, env_file: str, *more: str) -> subprocess.CompletedProcess[str]:
    """The command, and nothing secret in what it says."""
    done = run("db", "move", "--to", url, "--env-file", env_file, *more)
    assert "canary" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_a_move_is_told_in_sentences(old: SQLStore, new_url: str, env_file: str) -> None:
    """What went over, that it was compared, and what to do next."""
    done = move(new_url, env_file)

    assert (done.returncode, done.stderr) == (0, "")
    first, *lines = done.stdout.splitlines()
    assert "and verified: 5 rows, compared column by column." in first
    assert lines[:9] == [
        "  connections: 2 new",
        "  attempts: 2 new",
        "  invitations: none",
        "  events: 1 new",
        "  outbox: none",
        "  notifications: none",
        "  provider: none",
        "  counters: none",
        "  meta: none",
    ]
    assert "set PORTALKEY_DATABASE_URL to the new address in every process" in lines[9]
    assert lines[11].startswith("  PORTALKEY_DATABASE_URL=sqlite:///")
    assert "Passwords are left out of it" in lines[13]


def test_the_second_run_is_a_line_to_copy(
    old: SQLStore, old_url: str, new_url: str, env_file: str
) -> None:
    """It works where the settings name the new store by then, its schema included."""
    done = move(new_url, env_file, "--schema", "ours")
    (line,) = [each for each in done.stdout.splitlines() if each.startswith("  PORTALKEY_")]
    settings = Path(env_file).read_text().replace(old_url, changed(new_url, password=""))
    Path(env_file).write_text(f"{settings}PORTALKEY_DATABASE_SCHEMA=ours\n")
    connect(old, owner="cy")

    again = subprocess.run(
        ["/bin/bash", "-c", line.replace(" portalkey ", f" {shlex.join(PORTALKEY)} ")],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "connections: 1 new, 2 there already" in again.stdout


def test_life_goes_on_at_the_new_address(old: SQLStore, new_url: str, env_file: str) -> None:
    """The connections are there, and new events can be written."""
    move(new_url, env_file)

    with closing(SQLStore.open(new_url)) as new:
        (ada,) = new.connections("ada", "app")
        assert ada.sealed == old.connections("ada", "app")[0].sealed
        new.record(Event(EventName.REFRESHED, owner="ada"))
        assert [event.name for event in new.events()] == [EventName.CONNECTED, EventName.REFRESHED]


def test_a_move_is_told_to_programs(old: SQLStore, new_url: str, env_file: str) -> None:
    """One object a line, the last one with the outcome."""
    move(new_url, env_file)
    connect(old, owner="cy")

    done = move(new_url, env_file, "--json")

    *steps, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert steps[0] == {"act": "copying", "table": "connections", "done": 3, "total": 3}
    assert last["act"] == "verified"
    assert last["connections"] == {"new": 1, "changed": 0, "same": 2, "kept": 0}


def typed_on(terminal: int) -> str:
    """Everything that comes until nobody has the other end."""
    shown = b""
    with suppress(OSError), closing(os.fdopen(terminal, "rb", buffering=0)) as screen:
        while read := screen.read(1 << 16):
            shown += read
    return shown.decode()


def test_a_person_sees_how_far_it_is(old: SQLStore, new_url: str, env_file: str) -> None:
    """Bars, on the terminal that stderr is."""
    command = [*PORTALKEY, "db", "move", "--to", new_url, "--env-file", env_file]
    environment = {**clean_environment(), "TERM": "xterm", "COLUMNS": "80"}
    ours, theirs = pty.openpty()

    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment
    ) as process:
        os.close(theirs)
        shown = typed_on(ours)
        said, _ = process.communicate()

    assert process.returncode == 0
    assert "copying connections" in shown
    assert "verifying events" in shown
    assert "2/2" in shown
    assert "copying" not in said


def test_a_move_into_a_schema(old: SQLStore, new_url: str, env_file: str) -> None:
    """It is made, and the advice names it."""
    done = move(new_url, env_file, "--schema", "ours")

    assert "and PORTALKEY_DATABASE_SCHEMA to ours in every process" in done.stdout
    with closing(SQLStore.open(new_url, schema="ours")) as new:
        assert new.connections("ada", "app")


def wait_until_it_waits(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Return once the command waits for somebody else's row."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    deadline = time.monotonic() + PATIENCE
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(f"{query} AND datname = current_database()").fetchone() == (0,):
            assert process.poll() is None, "it has ended"
            assert time.monotonic() < deadline, "it waits for nobody"
            time.sleep(0.02)


def test_a_move_that_was_killed(old: SQLStore, tmp_path: Path, new_url: str, env_file: str) -> None:
    """Kill -9 in the middle of a batch leaves whole batches, and the next run does the rest."""
    with closing(sqlite3.connect(tmp_path / "portalkey.db")) as database, database:
        database.execute(COPIES, {"last": 3 * BATCH})
    command = [*PORTALKEY, "db", "move", "--to", new_url, "--env-file", env_file]
    with psycopg.connect(new_url) as rival, closing(SQLStore.open(new_url)) as new:
        rival.execute(RIVAL, {"id": BATCH + 10})
        with subprocess.Popen(command, env=clean_environment()) as process:
            wait_until_it_waits(new_url, process)
            process.kill()
        assert len(new.events()) == BATCH
        rival.rollback()

        done = move(new_url, env_file)

        assert "events: 1000 new, 500 there already" in done.stdout
        assert new.events() == old.events()


def test_a_store_is_not_moved_onto_itself(old: SQLStore, old_url: str, env_file: str) -> None:
    """It says so."""
    done = move(old_url, env_file)

    assert done.returncode == 1
    assert "is the one that is to be moved" in done.stderr


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        (NOWHERE, 1, "cannot be reached; look whether the server runs, and at host and port in --"),
        (f"postgresql://:{PASSWORD}@/?wrong=1", 1, "--to has wrong after its question mark"),
        (f"postgresql://ada:{PASSWORD}@192.0.2.1/x", 1, "--to names a database on another host"),
        (f"sqlite://{PASSWORD}@host/x.db", 2, "Invalid value for '--to': It must be sqlite:///"),
        (f"mysql://ada:{PASSWORD}@host/x", 2, "Invalid value for '--to': It must be sqlite:///"),
    ],
    ids=["away", "unreadable", "plain text", "no file", "another kind"],
)
def test_a_target_that_cannot_be_used(
    old: SQLStore, env_file: str, url: str, code: int, words: str
) -> None:
    """One sentence, which does not repeat the URL."""
    done = move(url, env_file)

    assert done.returncode == code
    assert words in " ".join(done.stderr.split())


def test_an_url_without_its_option_is_not_repeated(env_file: str) -> None:
    """It has a password, wherever it stands."""
    done = run("db", "move", "--to", "sqlite:///x.db", NOWHERE, "--env-file", env_file)

    assert done.returncode == 2
    assert "Name the new database with --to" in done.stderr
    assert PASSWORD not in done.stderr
