"""A file in trouble, at work in many processes, and across a fork."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import text

from portalkey._support.time_limit import limit_request
from portalkey.errors import PortalkeyError, StoreBusy, StoreUnusable
from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import Account, Grant
from portalkey.testing.samples import begin_exchange, connect, new_attempt, new_connection
from portalkey.vault import SQLStore, Vault
from portalkey.vault.health import StoreCause
from portalkey.vault.sql.migrate import migrate
from portalkey.vault.sql.open_files import FileConnection, open_files
from portalkey.vault.sql.pragmas import choose_pragmas
from portalkey.vault.sql.sqlite import SQLite
from support.forking import in_child, in_silent_child
from support.racing import PROCESSES, raced


def url(path: Path) -> str:
    """How *path* is named in the settings."""
    return f"sqlite:///{path}"


@pytest.fixture
def hasty(path: Path) -> Iterator[SQLStore]:
    """A store that does not wait for other writers."""
    file = SQLite(path, wait=0)
    migrate(file)
    yield SQLStore(file)
    file.close()


def test_the_file_is_durable_and_private(store: SQLStore) -> None:
    """The pragmas that the docs promise hold on every connection."""
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    store.close()
    with store._database._reading.begin() as tx:
        found = {name: tx.scalar(text(f"PRAGMA {name}")) for name in (*wanted, "busy_timeout")}

    assert found == wanted | {"busy_timeout": 5000}


def test_a_writer_holds_the_lock_from_its_begin(store: SQLStore, hasty: SQLStore) -> None:
    """What it reads stays true until it commits; readers are not in the way."""
    with store._database._writing.begin():
        assert hasty.now()
        with pytest.raises(StoreBusy):
            new_attempt(hasty)
    new_attempt(hasty)


class Impatient(SQLite):
    """A file whose connections wait for nobody, though its threads do."""

    def _begin_writing(self, driver: FileConnection, _: Callable[[], bool]) -> None:
        driver.execute("PRAGMA busy_timeout=0")
        driver.execute("BEGIN IMMEDIATE")


def test_threads_that_write_at_once_take_turns(path: Path) -> None:
    """Those of one process wait for one another outside of SQLite, and so none in vain."""
    file = Impatient(path)
    migrate(file)
    store = SQLStore(file)
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        for _ in range(5):
            new_attempt(store)
            file.write_fast(lambda _: together.n_waiting)

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(work) for _ in range(8)]:
            done.result()
    file.close()


def test_a_turn_that_does_not_come_is_busy(hasty: SQLStore) -> None:
    """A thread is kept waiting no longer by its own process than by another."""
    with ThreadPoolExecutor(1) as threads:
        waiting = hasty._database.write(lambda _: threads.submit(new_attempt, hasty).exception())

    assert isinstance(waiting, StoreBusy)


def test_a_child_forked_while_a_thread_writes_has_its_turn(store: SQLStore) -> None:
    """Nobody is left there to end the turn that its parent's thread has."""
    assert isinstance(store._database, SQLite)
    with store._database._writers.take():
        assert in_child(lambda: bool(new_attempt(store)))


def test_a_locked_file_is_busy(hasty: SQLStore, path: Path) -> None:
    """Waiting helps; nothing is half stored, and the next try works."""
    attempt_id, connection = begin_exchange(hasty), new_connection(hasty)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy) as busy:
            hasty.connect(attempt_id, connection)
        other.execute("ROLLBACK")

    assert busy.value.retry_after > 0
    assert busy.value.__context__ is None
    assert hasty.connection(connection.id) is None
    assert hasty.connect(attempt_id, connection)


def test_a_file_locked_at_the_start_is_busy(hasty: SQLStore, path: Path) -> None:
    """Even where somebody has it all to himself, so that it cannot even be read."""
    hasty.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreBusy):
            hasty.now()
        assert hasty.version() is None  # not known just now, and nobody waits for that


def test_a_request_waits_for_a_lock_once_for_all_of_its_calls(path: Path) -> None:
    """A program that keeps the file to itself takes the time of one call from it, not of eight."""
    file = SQLite(path, wait=2.0)
    migrate(file)
    store, began = SQLStore(file), time.monotonic()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with limit_request(2.0):
            for _ in range(8):
                with pytest.raises(StoreBusy, match="look which program holds a lock") as busy:
                    new_attempt(store)
        assert busy.value.cause == StoreCause.LOCKED
        assert time.monotonic() - began < 12  # 16 by itself, and 4 as it should be
        other.execute("ROLLBACK")
    assert new_attempt(store)  # which waits as long as ever again

    def patience(driver: sqlite3.Connection) -> tuple[int]:
        file.be_patient(driver)
        found: tuple[int] = driver.execute("PRAGMA busy_timeout").fetchone()
        return found

    assert file.write_fast(patience) == (2000,)
    store.close()


def test_the_start_waits_for_whoever_has_the_file(path: Path) -> None:
    """SQLite itself does not, where the file has to be turned to WAL."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.1, other.execute, ["COMMIT"])
    release.start()
    store = SQLStore.open(url(path))
    release.join()
    other.close()

    assert store.now()
    store.close()


def test_a_full_disk_stores_nothing_by_half(
    vault: Vault, store: SQLStore, grant: Callable[..., Grant]
) -> None:
    """Neither connection nor end of the attempt, and the sentence says what to do."""
    attempt = new_attempt(store)
    claimed = store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
    assert claimed
    store._database._writing_drivers.run(lambda driver: driver.execute("PRAGMA max_page_count=1"))
    with pytest.raises(StoreUnusable, match=r"portalkey.db cannot grow; make room on its disk"):
        vault.save(claimed, grant("x" * 60000), Account(1), (), sent_at=store.now())
    store.close()

    found = store.attempt(attempt.id)
    assert found
    assert found.status is AttemptStatus.EXCHANGING
    assert store.connection_to("ada", "app", 1) is None
    assert vault.save(claimed, grant("x" * 60000), Account(1), (), sent_at=store.now())


@pytest.mark.parametrize("is_shared", [False, True])
def test_on_macos_a_commit_goes_past_the_drives_cache(*, is_shared: bool) -> None:
    """There fsync() stops at it; elsewhere the pragmas would do nothing."""
    on_macos = choose_pragmas(is_shared=is_shared, platform="darwin")
    on_linux = choose_pragmas(is_shared=is_shared, platform="linux")

    assert set(on_macos) - set(on_linux) == {"fullfsync=ON", "checkpoint_fullfsync=ON"}
    assert set(on_linux) < set(on_macos)


def test_the_pragmas_of_a_system_are_said_to_sqlite(path: Path) -> None:
    """Each connection has them."""

    def ask(driver: sqlite3.Connection) -> list[tuple[int]]:
        names = ("fullfsync", "checkpoint_fullfsync")
        return [driver.execute(f"PRAGMA {name}").fetchone() for name in names]

    for platform, value in (("darwin", 1), ("linux", 0)):
        file_of_system = path.with_name(f"{platform}.db")
        with closing(SQLite(file_of_system, platform=platform)) as file:
            for drivers in (file._drivers, file._writing_drivers):
                assert drivers.run(ask) == [(value,)] * 2


def test_a_read_only_file_is_refused_at_the_start(nobody: Path) -> None:
    """Before anybody relies on it."""
    path = nobody / "portalkey.db"
    SQLStore.open(url(path)).close()
    path.chmod(0o400)
    with pytest.raises(StoreUnusable, match=r"portalkey.db cannot be written; look at who may"):
        SQLStore.open(url(path))


def test_a_read_only_directory_is_refused_at_the_start(nobody: Path) -> None:
    """WAL needs files of its own beside the database."""
    path = nobody / "in" / "portalkey.db"
    SQLStore.open(url(path)).close()
    path.parent.chmod(0o500)
    with pytest.raises(StoreUnusable, match="and its directory"):
        SQLStore.open(url(path))
    path.parent.chmod(0o700)


def test_an_unwritable_directory_is_refused(nobody: Path) -> None:
    """The sentence names the file, the trouble and where to look."""
    nobody.joinpath("in").mkdir(0o500)
    for path in (nobody / "in" / "portalkey.db", nobody / "in" / "new" / "portalkey.db"):
        with pytest.raises(StoreUnusable, match=r"portalkey.db .*permission denied.*directory"):
            SQLStore.open(url(path))


def test_a_directory_is_no_store(tmp_path: Path) -> None:
    """Nor is a file a directory."""
    (tmp_path / "file").touch()
    for path, trouble in ((tmp_path, "not a file"), (tmp_path / "file" / "db", "not a directory")):
        with pytest.raises(StoreUnusable, match=trouble) as refusal:
            SQLStore.open(url(path))
        assert refusal.value.__cause__ is None


def test_another_kind_of_file_is_refused(path: Path) -> None:
    """And left as it is."""
    content = b"These are my holiday notes.\n" * 100
    path.write_bytes(content)
    with pytest.raises(StoreUnusable, match="is not a SQLite database"):
        SQLStore.open(url(path))

    assert path.read_bytes() == content


def test_a_damaged_file_is_refused(store: SQLStore, path: Path) -> None:
    """The operator is sent to the backup."""
    connect(store)
    store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    with pytest.raises(StoreUnusable, match="is damaged; bring back the newest backup"):
        store.connections("ada", "app")


def test_a_file_that_went_missing_is_not_made_again(store: SQLStore, path: Path) -> None:
    """An empty store in its place would look as if nobody had ever connected."""
    store.close()
    path.unlink()
    with pytest.raises(StoreUnusable, match="cannot be opened; look whether it is still there"):
        store.now()

    assert not path.exists()


def test_tables_that_are_gone_are_the_operators_matter(store: SQLStore) -> None:
    """Whatever else is wrong is said without SQL, parameters or a chained error."""
    store._database.write(lambda tx: tx.execute(text("DROP TABLE portalkey_connections")))
    with pytest.raises(StoreUnusable, match="is not as portalkey left it") as trouble:
        store.connection_to("canary-owner", "app", 1)

    assert "canary" not in str(trouble.value)
    assert trouble.value.__context__ is None


def test_a_store_goes_on_after_a_fork(store: SQLStore, path: Path) -> None:
    """The file is closed before it, so that what a child writes outlives whoever closes it."""
    attempt = new_attempt(store)
    store.version()

    def writes() -> bool:
        return bool(store.attempt(attempt.id)) and bool(new_attempt(store, owner="childs"))

    assert in_child(writes)
    with sqlite3.connect(path) as other:
        owners = other.execute("SELECT owner FROM portalkey_attempts").fetchall()
    other.close()
    assert ("childs",) in owners


def test_a_fork_waits_for_a_transaction_under_way(store: SQLStore) -> None:
    """Its file would be of no use in the child."""
    is_reading, done = threading.Event(), threading.Event()

    def work(_: object) -> None:
        is_reading.set()
        done.wait(0.2)

    thread = threading.Thread(target=store._database.read, args=(work,))
    thread.start()
    is_reading.wait()

    assert in_child(lambda: bool(new_attempt(store)))
    thread.join()


def test_a_file_that_was_open_is_not_used_in_a_silent_child(store: SQLStore) -> None:
    """Its locks do not hold there, so commits would be lost; the parent goes on."""
    attempt = new_attempt(store)
    assert store.version()

    def is_refused() -> bool:
        for _ in range(2):
            with pytest.raises(StoreUnusable, match="lazy-apps"):
                store.attempt(attempt.id)
        with pytest.raises(StoreUnusable, match="forked"):
            store.version()
        store.close()
        return True

    assert in_silent_child(is_refused)
    assert store.attempt(attempt.id)
    assert new_attempt(store)


def test_a_closed_file_is_used_in_a_silent_child(store: SQLStore) -> None:
    """As it is in uWSGI's master, which closes it after each use."""
    attempt = new_attempt(store)
    store.close()

    assert in_silent_child(lambda: bool(store.attempt(attempt.id) and new_attempt(store)))


def test_nothing_is_open_in_the_master_of_uwsgi(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It forks without a word."""
    master = ModuleType("uwsgi")
    vars(master).update(worker_id=lambda: 0, mule_id=lambda: 0)
    monkeypatch.setitem(sys.modules, "uwsgi", master)
    store = SQLStore.open(url(path))

    attempt = new_attempt(store)
    store.version()
    assert store.attempt(attempt.id)

    assert isinstance(store._database, SQLite)
    assert store._database._path not in open_files._paths()
    assert in_silent_child(lambda: bool(new_attempt(store)))


def test_what_raises_is_rolled_back(store: SQLStore) -> None:
    """A transaction happens whole or not at all."""
    attempt = new_attempt(store)

    def half(tx: object) -> None:
        tx.execute(text("DELETE FROM portalkey_attempts"))  # type: ignore[attr-defined]
        raise PortalkeyError("stopped half way")

    with pytest.raises(PortalkeyError, match="half way"):
        store._database.write(half)

    assert store.attempt(attempt.id)


def test_a_time_without_a_zone_is_not_stored(store: SQLStore) -> None:
    """It names no moment."""
    with pytest.raises(Exception, match=r"write datetime\.now\(UTC\)"):
        new_attempt(store, expires_at=store.now().replace(tzinfo=None))


def test_a_commit_by_anybody_is_seen(store: SQLStore, path: Path) -> None:
    """The version changes with a write of this store or of another process, and with no read."""
    seen = [store.version()]
    store.connections("ada", "app")
    store.now()
    assert store.version() == seen[0]

    new_attempt(store)
    seen.append(store.version())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DELETE FROM portalkey_attempts")
    seen.append(store.version())

    assert len(set(seen)) == len(seen)


def test_a_version_from_before_is_never_met_again(store: SQLStore) -> None:
    """Not even where SQLite counts anew: after closing, and in a forked child."""
    assert isinstance(store._database, SQLite)
    seen = [store.version()]
    store.close()
    seen.append(store.version())
    parents = store._database._commits._connection
    assert parents
    with closing(parents):
        store._database._renew()
        seen.append(store.version())

    assert len(set(seen)) == len(seen)


def test_a_store_closed_in_the_middle_leaves_nothing_open(store: SQLStore) -> None:
    """What is at work goes on, and is closed as soon as it is done."""
    database = store._database
    at_work = []

    def closed_meanwhile(driver: sqlite3.Connection) -> None:
        at_work.append(driver)
        store.close()
        assert driver.execute("SELECT 1").fetchone() == (1,)

    database._drivers.run(closed_meanwhile)
    database.read(lambda tx: closed_meanwhile(tx.connection.driver_connection))  # type: ignore[arg-type]

    for driver in at_work:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            driver.execute("SELECT 1")


def test_one_process_claims(store: SQLStore, path: Path) -> None:
    """Of eight processes at one moment one gets each attempt."""
    ids = [new_attempt(store).id for _ in range(20)]

    assert raced("claim", url(path), *ids) == f"{PROCESSES} {len(ids)}"


def test_eight_processes_open_an_empty_file(path: Path) -> None:
    """One migrates, the others wait and go on."""
    assert raced("make", url(path)) == f"{PROCESSES} {PROCESSES}"

    store = SQLStore.open(url(path))
    assert len(store.events()) == PROCESSES
    store.close()


FORK = """
import os, subprocess, sys
from portalkey.model.events import Event, EventName
from portalkey.vault import SQLStore

def event(owner):
    return Event(EventName.CONNECTED, owner)

def others():
    # Whoever is the last to close takes the WAL away, if no lock says that somebody is there.
    look = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2])"
    query = "SELECT count(*) FROM portalkey_events"
    subprocess.run([sys.executable, "-c", look, sys.argv[1], query], check=True)

store = SQLStore.open("sqlite:///" + sys.argv[1])
store.record(event("parent"))
(to_child, from_parent), (to_parent, from_child) = os.pipe(), os.pipe()
if os.fork() == 0:
    store.record(event("child, before"))
    os.write(from_child, b"x")
    os.read(to_child, 1)
    store.record(event("child, after"))
    os._exit(0)
os.read(to_parent, 1)
store.close()
others()
os.write(from_parent, b"x")
os.wait()
print([each.owner for each in store.events()])
store.close()
"""


def test_a_child_goes_on_with_locks_of_its_own(path: Path) -> None:
    """The parent closes, another process comes and goes, and the child's writes are all there."""
    command = [sys.executable, "-W", "error", "-c", FORK, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.stderr, done.stdout) == ("", "['parent', 'child, before', 'child, after']\n")
