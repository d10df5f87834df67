"""Which processes are known to live, and with which keys."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from portalkey.broker.lease_owner import LeaseOwner
from portalkey.broker.processes import SILENT, Processes
from portalkey.settings import Key
from portalkey.testing import Ahead
from portalkey.vault import MemoryStore, Vault
from portalkey.vault.keyring import Keyring, new_key
from support.forking import in_child


@pytest.fixture
def make(tmp_path: Path, ahead: Ahead) -> Callable[[str, LeaseOwner], Processes]:
    """Makes what writes and reads of processes, as the process of this name and lock."""
    vault = Vault(Keyring([Key("a", new_key())]), MemoryStore(ahead=ahead), "app")
    return lambda label, owner: Processes(vault, owner, label)


def test_a_process_without_work_is_known_while_it_lives(
    make: Callable[[str, LeaseOwner], Processes], tmp_path: Path, ahead: Ahead
) -> None:
    """However long it is silent, on this machine; one of another is forgotten after an hour."""
    (tmp_path / "away").mkdir()
    here, away = LeaseOwner(tmp_path), LeaseOwner(tmp_path / "away")
    make("here", here).announce()
    make("away", away).announce()
    looking = make("a command", LeaseOwner(tmp_path))
    assert [each.label for each in looking.find()] == ["away", "here"]

    ahead.seconds += SILENT + 1
    looking.sweep()
    assert [each.label for each in looking.find()] == ["here"]

    assert here._file is not None
    os.close(here._file)  # as the death of the process does
    here._file = None
    assert looking.find() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_is_listed_where_it_says_so(
    make: Callable[[str, LeaseOwner], Processes], tmp_path: Path
) -> None:
    """Beside its parent, which goes on to be known."""
    server = make("server", LeaseOwner(tmp_path))
    server.announce()

    def announce() -> bool:
        server.announce()
        return {each.pid for each in server.find()} == {os.getppid(), os.getpid()}

    assert in_child(announce)
    assert [each.pid for each in server.find()] == [os.getpid()]
