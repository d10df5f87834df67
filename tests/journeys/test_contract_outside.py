"""What checks from outside rely on: these commands, by these names, with the app's own settings."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey.testing.account import connect
from portalkey.vault.keyring import new_key
from portalkey_simulator import HubSpot
from support.commands import PORTALKEY, clean_environment
from support.environment import environment_of

ERASE = "from portalkey import Broker; b = Broker.from_env(); print(b.erase('ada')); b.close()"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environ(broker: Broker, hubspot: HubSpot, settings: Settings) -> Mapping[str, str]:
    """The app's settings, in the environment alone; two owners have connected."""
    for owner in ("ada", "grace"):
        connect(broker, hubspot, owner, 4410001)
    broker.close()
    return environment_of(settings)


@pytest.fixture
def outside(environ: Mapping[str, str], tmp_path: Path) -> Run:
    """Runs a command in an empty folder, with those settings and *more*."""
    (folder := tmp_path / "outside").mkdir()

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PORTALKEY, *arguments] if arguments[0] != "-c" else [sys.executable, *arguments],
            cwd=folder,
            env={**clean_environment(), **environ, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_connections_events_and_health_are_read(outside: Run) -> None:
    """Lists and objects, in JSON."""
    listed = json.loads(outside("connections", "list", "--json").stdout)
    ids = [each["id"] for each in listed["connections"]]
    shown = outside("connections", "show", ids[0])
    events = outside("events", "--json").stdout.splitlines()
    health = outside("doctor", "--json")

    assert len(ids) == 2
    assert (shown.returncode, ids[0] in shown.stdout) == (0, True)
    assert {"attempt_started", "connected"} <= {json.loads(line)["name"] for line in events}
    assert health.returncode == 0, health.stdout
    assert json.loads(health.stdout)["ok"] is True


def test_a_backup_is_one_file(outside: Run, tmp_path: Path) -> None:
    """A database that opens, for its owner only."""
    file = tmp_path / "outside" / "backup.db"
    assert outside("db", "backup", str(file)).returncode == 0
    with sqlite3.connect(file) as opened:
        (number,) = opened.execute("SELECT count(*) FROM portalkey_connections").fetchone()
    opened.close()

    assert number == 2
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_key_is_rotated_and_retired(outside: Run, environ: Mapping[str, str]) -> None:
    """Retiring fails while one row bears the key."""
    both = {
        "PORTALKEY_KEYS": f"new:{new_key().get_secret_value()},{environ['PORTALKEY_KEYS']}",
    }
    early = outside("keys", "retire", "test", **both).returncode
    rotated = outside("keys", "rotate", **both)
    status = json.loads(outside("keys", "status", "--json", **both).stdout)
    late = outside("keys", "retire", "test", **both)

    assert early != 0
    assert rotated.returncode == 0, rotated.stderr
    assert {each["label"]: each["connections"] for each in status["keys"]} == {"new": 2, "test": 0}
    assert late.returncode == 0, late.stderr


def test_everything_is_revoked_and_somebody_erased(outside: Run, hubspot: HubSpot) -> None:
    """Without a question, here and at HubSpot; an owner is erased from a program."""
    erased = outside("-c", ERASE)
    revoked = outside("connections", "revoke", "--all", "--yes")
    left = json.loads(outside("connections", "list", "--json").stdout)

    assert erased.stdout == "1\n", erased.stderr
    assert revoked.returncode == 0, revoked.stderr
    assert left["connections"] == []
    assert sum(asked.path.endswith("/revoke") for asked in hubspot.requests) == 2
