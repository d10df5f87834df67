"""Proof that the holder of a lease is dead."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from portalkey.broker.lease_owner import LeaseOwner
from support.forking import in_child, in_silent_child

HOLD = """
import sys
from pathlib import Path
from portalkey.broker.lease_owner import LeaseOwner
holder = LeaseOwner(Path(sys.argv[1]))
print(holder.name, flush=True)
sys.stdin.read()
"""


def other(directory: Path) -> tuple[subprocess.Popen[str], str]:
    """Another process that holds, and its name."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    """Kill it, and see it gone."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_living_process_is_not_dead(tmp_path: Path) -> None:
    """Another one, this one, or this one's second broker."""
    process, name = other(tmp_path)
    mine = LeaseOwner(tmp_path)

    assert not mine.is_dead(name)
    assert not mine.is_dead(mine.name)
    assert not LeaseOwner(tmp_path).is_dead(mine.name)
    end(process)


def test_a_killed_process_is_dead(tmp_path: Path) -> None:
    """Its lock has gone with it."""
    process, name = other(tmp_path)
    end(process)

    assert LeaseOwner(tmp_path).is_dead(name)


def test_an_absent_file_proves_nothing(tmp_path: Path) -> None:
    """The holder may be on a machine or in a container whose files are not ours."""
    process, name = other(tmp_path)
    end(process)

    assert not LeaseOwner(tmp_path / "elsewhere").is_dead(name)


def test_another_machines_lease_proves_nothing(tmp_path: Path) -> None:
    """Even where both see the file: locks need not hold between machines."""
    process, name = other(tmp_path)
    end(process)

    assert not LeaseOwner(tmp_path).is_dead("another-boot/" + name.partition("/")[2])


def test_names_that_lead_elsewhere_prove_nothing(tmp_path: Path) -> None:
    """A name is what a row says, and names a file in the one directory only."""
    machine = LeaseOwner(tmp_path).name.partition("/")[0]
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x.lock").touch()
    (tmp_path / "link.lock").symlink_to(tmp_path / "sub" / "x.lock")

    for file in ("sub/x.lock", "../x.lock", "", ".", "link.lock", "\0"):
        assert not LeaseOwner(tmp_path).is_dead(f"{machine}/{file}"), file


@pytest.mark.parametrize("forks", [in_child, in_silent_child])
def test_a_forked_child_is_somebody_else(
    tmp_path: Path, forks: Callable[[Callable[[], object]], bool]
) -> None:
    """It neither speaks for its parent nor is at its work, nor keeps it alive."""
    holder = LeaseOwner(tmp_path)
    name = holder.name

    def is_another() -> bool:
        with holder.claim("work") as is_ours:
            return is_ours and holder.name != name and not holder.is_dead(name)

    with holder.claim("work"), holder._lock:
        assert forks(is_another)
    assert holder.name == name


def test_other_locks_are_no_other_owner(tmp_path: Path) -> None:
    """Where gevent replaces them, a lease that was taken before is still this process's."""
    holder = LeaseOwner(tmp_path)
    name = holder.name

    with holder._lock:
        holder._renew()
    assert holder.name == name
    holder.close()


def test_a_child_does_not_hold_its_parents_lock(tmp_path: Path) -> None:
    """When the parent dies its lease is free, though the child lives on."""
    holder = LeaseOwner(tmp_path)
    file = tmp_path / holder.name.partition("/")[2]
    ready, wait = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.write(ready[1], b"x")
        os.read(wait[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    assert holder._file is not None
    os.close(holder._file)
    holder._file = None
    with file.open("r+") as probe:
        fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.write(wait[1], b"x")
    os.waitpid(child, 0)


def test_a_closed_holder_leaves_no_file(tmp_path: Path) -> None:
    """And has another name when it is asked again."""
    holder = LeaseOwner(tmp_path)
    name = holder.name
    holder.close()

    assert list(tmp_path.iterdir()) == []
    assert holder.name != name


def test_old_files_of_the_dead_are_swept_away(tmp_path: Path) -> None:
    """Those of the living stay, however old."""
    process, _ = other(tmp_path)
    end(process)
    living = LeaseOwner(tmp_path)
    kept = living.name.partition("/")[2]
    for file in tmp_path.iterdir():
        os.utime(file, (0, 0))

    new = LeaseOwner(tmp_path).name.partition("/")[2]
    assert {file.name for file in tmp_path.iterdir()} == {kept, new}


def test_without_a_directory_nothing_is_proven(tmp_path: Path) -> None:
    """A lease is waited out then, and everything else works."""
    holder = LeaseOwner(tmp_path / "absent")

    assert holder.name
    assert not LeaseOwner(tmp_path / "absent").is_dead(holder.name)


def test_one_thread_at_a_work(tmp_path: Path) -> None:
    """Who comes second is told so, and takes nothing away from the first."""
    holder = LeaseOwner(tmp_path)
    with holder.claim("a") as first, holder.claim("a") as second, holder.claim("b") as other:
        assert (first, second, other) == (True, False, True)
    with holder.claim("a") as again:
        assert again


def test_a_process_is_proven_to_live(tmp_path: Path) -> None:
    """By its lock, while others look as well; never where its file cannot be seen."""
    process, name = other(tmp_path)
    mine = LeaseOwner(tmp_path)
    assert mine.is_alive(name)
    assert mine.is_alive(mine.name)
    assert not LeaseOwner(tmp_path / "elsewhere").is_alive(name)
    end(process)

    with (tmp_path / name.partition("/")[2]).open("r+") as looked_at:
        fcntl.flock(looked_at, fcntl.LOCK_SH | fcntl.LOCK_NB)  # by somebody else
        assert not mine.is_alive(name)
        assert mine.is_dead(name)
