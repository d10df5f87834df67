"""A backup of a SQLite file, made while others write it."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from portalkey.errors import StoreUnusable
from portalkey.model.events import Event, EventName
from portalkey.model.findings import State
from portalkey.testing.samples import connect
from portalkey.vault import SQLStore
from portalkey.vault.check import check_file
from portalkey.vault.sql.backup import back_up


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "portalkey.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLStore]:
    """A store that is open, with all of its content in the log beside it."""
    with closing(SQLStore.open(f"sqlite:///{path}")) as store:
        connect(store)
        store.add_meta("key_check app a", "value")
        yield store


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where to."""
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "today.db"


def states(path: Path) -> dict[str, State]:
    """What a check of the file finds, by name."""
    return {each.name: each.state for each in check_file(path)}


def left_in(folder: Path) -> list[str]:
    """The files in *folder*."""
    return sorted(each.name for each in folder.iterdir())


def test_a_backup_is_one_private_file(store: SQLStore, path: Path, target: Path) -> None:
    """With all that was in the log; whole, and nothing beside it."""
    before = os.umask(0)
    try:
        assert back_up(path, target) == 1
    finally:
        os.umask(before)

    assert left_in(target.parent) == ["today.db"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert set(states(target).values()) == {State.OK}
    with closing(SQLStore.open(f"sqlite:///{target}")) as restored:
        assert [each.owner for each in restored.connections("ada", "app")] == ["ada"]


def test_what_others_write_meanwhile_is_not_waited_for(
    store: SQLStore, path: Path, target: Path
) -> None:
    """It is one moment of the store, and ends though somebody writes between any two steps."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE ballast AS SELECT zeroblob(6000000) AS blob")
    steps = []

    def write_on(done: int, total: int) -> None:
        steps.append((done, total))
        store.record(Event(EventName.CONNECTED))

    back_up(path, target, write_on)

    assert len(steps) > 3
    assert steps[-1][0] == steps[-1][1]
    with closing(SQLStore.open(f"sqlite:///{target}")) as restored:
        assert restored.events() == []


def test_a_file_that_is_there_is_never_written_over(
    store: SQLStore, path: Path, target: Path
) -> None:
    """Yesterday's backup is all there is until today's is made."""
    target.write_text("yesterday's")

    with pytest.raises(StoreUnusable, match="is a file"):
        back_up(path, target)

    assert target.read_text() == "yesterday's"
    assert left_in(target.parent) == ["today.db"]


def test_of_two_at_once_one_is_refused(store: SQLStore, path: Path, target: Path) -> None:
    """Neither ends up as half of the other."""
    barrier = threading.Barrier(2)
    outcomes: list[int | str] = []

    def run() -> None:
        try:
            outcomes.append(back_up(path, target, lambda *_: barrier.wait(60)))
        except StoreUnusable as trouble:
            outcomes.append(str(trouble))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(map(type, outcomes), key=str) == [int, str]
    assert set(states(target).values()) == {State.OK}
    assert left_in(target.parent) == ["today.db"]


def test_an_interrupted_backup_leaves_nothing(store: SQLStore, path: Path, target: Path) -> None:
    """Ctrl-C in the middle."""

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(path, target, interrupt)

    assert left_in(target.parent) == []


KILLED = """
import os, sys
from pathlib import Path
from portalkey.vault.sql.backup import back_up
back_up(Path(sys.argv[1]), Path(sys.argv[2]), lambda *_: os.kill(os.getpid(), 9))
"""


def test_a_killed_backup_is_not_taken_for_one(store: SQLStore, path: Path, target: Path) -> None:
    """What it left bears another name, and the next one is made all the same."""
    command = [sys.executable, "-c", KILLED, str(path), str(target)]
    assert subprocess.run(command, check=False).returncode == -9
    assert not target.exists()

    assert back_up(path, target) == 1


def test_a_folder_that_cannot_be_written_is_named(
    store: SQLStore, path: Path, target: Path
) -> None:
    """One that is missing, as on a disk that is not mounted."""
    with pytest.raises(StoreUnusable, match=r"cannot be written \(no such file or directory\)"):
        back_up(path, target.parent / "missing" / "today.db")


def test_a_store_that_is_none_has_no_backup(tmp_path: Path, target: Path) -> None:
    """A missing file, and one of another program."""
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE orders (id)")

    with pytest.raises(StoreUnusable, match="cannot be opened"):
        back_up(tmp_path / "missing.db", target)
    with pytest.raises(StoreUnusable, match="no tables of portalkey's"):
        back_up(other, target)
    assert left_in(target.parent) == []
    assert not (tmp_path / "missing.db").exists()


def test_a_damaged_store_has_no_good_backup(store: SQLStore, path: Path, target: Path) -> None:
    """It is found out now, and not on the day that it is needed."""
    store.close()
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 4)

    with pytest.raises(StoreUnusable, match="damaged"):
        back_up(path, target)

    assert left_in(target.parent) == []
    assert State.PROBLEM in states(path).values()


def test_a_copy_without_its_log_is_found_out(
    store: SQLStore, path: Path, target: Path, tmp_path: Path
) -> None:
    """By whoever opens it, backs it up or checks it; it would look as if nobody had connected."""
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    before = copy.read_bytes()

    for use in (lambda: SQLStore.open(f"sqlite:///{copy}"), lambda: back_up(copy, target)):
        with pytest.raises(StoreUnusable, match=r"a copy without .*copy\.db-wal"):
            use()
    assert states(copy) == {"file": State.PROBLEM}
    assert copy.read_bytes() == before


def test_a_copy_with_its_log_is_whole(store: SQLStore, path: Path, tmp_path: Path) -> None:
    """Both together are what the store was."""
    for each in (path, path.with_name(f"{path.name}-wal")):
        shutil.copy(each, tmp_path / each.name.replace("portalkey", "copy"))

    assert set(states(tmp_path / "copy.db").values()) == {State.OK}
    with closing(SQLStore.open(f"sqlite:///{tmp_path / 'copy.db'}")) as copy:
        assert len(copy.connections("ada", "app")) == 1


@pytest.mark.parametrize(
    ("statement", "name", "words"),
    [
        ("UPDATE portalkey_alembic_version SET version_num = '9999'", "version", "newer"),
        ("DELETE FROM portalkey_alembic_version", "version", "no word on which version"),
        ("DROP TABLE portalkey_outbox", "tables", "missing: portalkey_outbox"),
    ],
)
def test_a_half_restored_store_is_found_out(
    store: SQLStore, path: Path, statement: str, name: str, words: str
) -> None:
    """Newer, without a version, or without a table."""
    store.close()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)

    (found,) = [each for each in check_file(path) if each.state is State.PROBLEM]

    assert (found.name, words in found.sentence, bool(found.to_do)) == (name, True, True)


def test_rows_without_check_values_of_their_keys_are_told(store: SQLStore, path: Path) -> None:
    """As where all tables but one were restored."""
    assert "keys" not in states(path)
    store.remove_meta("key_check app a")

    assert states(path)["keys"] is State.WARNING


def test_an_older_store_is_well(store: SQLStore, path: Path) -> None:
    """The next start brings it up to date."""
    store.close()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE portalkey_alembic_version SET version_num = '0004'")

    assert set(states(path).values()) == {State.OK}


def test_what_is_no_store_is_said(tmp_path: Path) -> None:
    """Missing, empty, text, another program's."""
    files = {name: tmp_path / name for name in ("missing", "empty", "text", "other")}
    files["empty"].touch()
    files["text"].write_text("dear diary" * 1000)
    with closing(sqlite3.connect(files["other"])) as database:
        database.execute("CREATE TABLE orders (id)")

    for file in files.values():
        assert State.PROBLEM in states(file).values(), file


def test_a_restored_file_is_closed_to_others(
    store: SQLStore, path: Path, target: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With a warning and an event, as somebody may have read it meanwhile."""
    back_up(path, target)
    target.chmod(0o644)

    with closing(SQLStore.open(f"sqlite:///{target}")) as restored:
        (event,) = restored.events()

    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert (event.name, dict(event.facts)) == (EventName.STORE_TIGHTENED, {"mode": "0644"})
    assert "was open to others (mode 0644)" in caplog.text
    with closing(SQLStore.open(f"sqlite:///{target}")) as again:
        assert len(again.events()) == 1


def test_a_store_on_a_disk_that_is_only_read(store: SQLStore, nobody: Path) -> None:
    """It is checked and backed up as it is; nothing is left beside it."""
    folder = nobody / "disk"
    folder.mkdir()
    path = folder / "portalkey.db"
    with closing(SQLStore.open(f"sqlite:///{path}")) as there:
        connect(there)
        there.add_meta("key_check app a", "value")
    path.chmod(0o400)
    folder.chmod(0o500)
    try:
        assert set(states(path).values()) == {State.OK}
        assert back_up(path, nobody / "backup.db") == 1
        with pytest.raises(StoreUnusable, match="cannot be written"):
            back_up(path, folder / "backup.db")
        assert left_in(folder) == ["portalkey.db"]
    finally:
        folder.chmod(0o700)
