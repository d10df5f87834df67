"""A config file at work in many processes, and in processes that are killed."""

import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

from portalkey.vault.json_file.store import ConfigFileStore
from processes.configfile_work import PROCESSES, ROUNDS

WORK = Path(__file__).with_name("configfile_work.py")
KILLS = 100
"""``python tests/processes/configfile_work.py kills PATH 500 SEED`` does more of them."""


def worked(*arguments: str) -> Any:
    """What came of the work of *arguments*, in a process of its own."""
    command = [sys.executable, "-W", "error", str(WORK), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_eight_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    """Everything that each of them kept is there afterwards, connections, attempts and events."""
    path = tmp_path / "connections.json"

    assert worked("crowd", str(path)) == [0] * PROCESSES
    store = ConfigFileStore(path)
    owners = {f"{number}-{each}" for number in range(PROCESSES) for each in range(ROUNDS)}
    assert {owner for owner in owners if store.connections(owner, "app")} == owners
    assert {event.owner for event in store.events()} == owners
    assert len(store.events()) == len(owners)


def test_processes_killed_while_they_write(tmp_path: Path) -> None:
    """What a write was told to be kept is kept, and file and good copy are whole, at every kill."""
    seed = str(secrets.randbits(32))

    found = worked("kills", str(tmp_path / "connections.json"), str(KILLS), seed)

    bad = {name: found[name] for name in ("lost", "torn", "halves")}
    assert bad == {"lost": 0, "torn": 0, "halves": 0}, (seed, found)
    assert found["kills"] == KILLS
    assert found["midway"] > KILLS / 10, (seed, found)
