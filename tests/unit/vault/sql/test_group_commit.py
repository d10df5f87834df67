"""Threads that share a transaction: who gets what, and what is left where one of them fails."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from portalkey.errors import StoreBusy, StoreUnusable
from portalkey.vault.sql.group_commit import MOST, Task
from portalkey.vault.sql.open_files import FileConnection
from portalkey.vault.sql.sqlite import SQLite
from support.forking import in_child
from support.patience import PATIENCE

INTERRUPTIONS = [SystemExit, KeyboardInterrupt]
NOT_DURABLE, DURABLE, EXTRA = 1, 2, 3
"""What ``PRAGMA synchronous`` says."""
BIG = 10_000_000
Work = Callable[[Any], Any]


class Connection:
    """A connection of SQLite's with something before and after each commit."""

    def __init__(self, connect: Callable[[], FileConnection], at: "Commits") -> None:
        self._driver, self._at = connect(), at
        self._driver.set_trace_callback(at.statements.append)

    def commit(self) -> None:
        """Commit, with what is to happen around it."""
        self._at.before()
        self._driver.commit()
        self._at.after()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name in {"_driver", "_at"}:
            super().__setattr__(name, value)
        else:
            setattr(self._driver, name, value)


class Commits:
    """What happens around the commits of a file's kept connections, and what they are told."""

    def __init__(self, file: SQLite) -> None:
        self.before: Callable[[], object] = lambda: None
        self.after: Callable[[], object] = lambda: None
        self.statements: list[str] = []
        drivers = file._writing_drivers
        drivers._connect = partial(Connection, drivers._connect, self)

    @property
    def number(self) -> int:
        """How many there were."""
        return self.statements.count("COMMIT")


class Group:
    """Threads that come to write while one is at it, and so are the next group's."""

    def __init__(self, file: SQLite, threads: ThreadPoolExecutor) -> None:
        self._file, self._threads = file, threads
        self._is_led, self._goes_on = threading.Event(), threading.Event()

    def begin(self, then: Work = lambda _: "led", *, durable: bool = True) -> "Future[Any]":
        """Let one lead, whose work does not end before ``end``."""

        def work(driver: Any) -> Any:
            self._is_led.set()
            assert self._goes_on.wait(PATIENCE)
            return then(driver)

        leader = self._threads.submit(self._file.write_fast, work, durable=durable)
        assert self._is_led.wait(PATIENCE)
        return leader

    def join(self, *works: Work, durable: bool = True) -> "list[Future[Any]]":
        """Let others come meanwhile; each waits for its turn by now."""
        found = []
        for work in works:
            before = len(self._file._groups._waiting)
            found.append(self._threads.submit(self._file.write_fast, work, durable=durable))
            until_true(lambda before=before: len(self._file._groups._waiting) > before)  # type: ignore[misc]
        return found

    def end(self) -> None:
        """Let the leader come to its end."""
        self._goes_on.set()


def until_true(is_so: Callable[[], bool]) -> None:
    """Wait for what is going to be."""
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.001)


@pytest.fixture
def file(path: Path) -> Iterator[SQLite]:
    """A file with one table."""
    file = SQLite(path)
    file.write(lambda tx: tx.execute(text("CREATE TABLE found (n)")))
    yield file
    file.close()


@pytest.fixture
def commits(file: SQLite) -> Commits:
    """Its commits."""
    return Commits(file)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """As many as are needed."""
    with ThreadPoolExecutor(100) as pool:
        yield pool


@pytest.fixture
def group(file: SQLite, commits: Commits, threads: ThreadPoolExecutor) -> Iterator[Group]:
    """Threads that write to it."""
    group = Group(file, threads)
    yield group
    group.end()


def insert(number: int, *, fails: BaseException | None = None, times: int = 1) -> Work:
    """A work that writes *number* and returns it, but *fails* so many *times* first."""
    failures = [fails] * times if fails else []

    def work(driver: Any) -> int:
        driver.execute("INSERT INTO found VALUES (?)", (number,))
        if failures:
            raise failures.pop()
        return number

    return work


def found(path: Path) -> list[int]:
    """What somebody else finds written."""
    other = sqlite3.connect(path)
    numbers = [number for (number,) in other.execute("SELECT n FROM found ORDER BY n")]
    other.close()
    return numbers


def test_threads_that_wait_share_one_commit(group: Group, commits: Commits, path: Path) -> None:
    """Each gets what its own work returns."""
    leader = group.begin(insert(0))
    others = group.join(*map(insert, range(1, 9)))
    group.end()

    assert [each.result() for each in (leader, *others)] == list(range(9))
    assert found(path) == list(range(9))
    assert commits.number == 1


def test_not_more_than_a_limit_share_it(group: Group, commits: Commits) -> None:
    """Other processes wait for the file meanwhile."""
    group.begin()
    others = group.join(*map(insert, range(MOST)))
    group.end()

    assert [each.result() for each in others] == list(range(MOST))
    assert commits.number == 2


def test_nobody_has_a_result_before_the_commit(
    group: Group, commits: Commits, file: SQLite, path: Path, threads: ThreadPoolExecutor
) -> None:
    """A disk that takes its time holds up those who wait for it; others come and read meanwhile."""
    is_committing, is_on_disk = threading.Event(), threading.Event()

    def take_time() -> None:
        is_committing.set()
        assert is_on_disk.wait(PATIENCE)

    commits.before = take_time
    leader = group.begin(insert(0))
    others = group.join(insert(1), insert(2))
    group.end()
    assert is_committing.wait(PATIENCE)
    later = group.join(insert(3))
    reading = threads.submit(file.read, lambda tx: tx.scalar(text("SELECT count(*) FROM found")))

    assert reading.result(PATIENCE) == 0
    assert not any(each.done() for each in (leader, *others, *later))
    assert found(path) == []
    is_on_disk.set()
    assert [each.result() for each in (leader, *others, *later)] == [0, 1, 2, 3]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_work_that_raises_fails_alone(
    group: Group, commits: Commits, path: Path, at: int
) -> None:
    """Whoever led it or came along: the others' are written, and know nothing of it."""
    works = [insert(n, fails=ValueError("mine") if n == at else None, times=2) for n in range(3)]
    leader = group.begin(works[0])
    all_of_them = [leader, *group.join(*works[1:])]
    group.end()

    for number, each in enumerate(all_of_them):
        if number == at:
            with pytest.raises(ValueError, match="mine"):
                each.result()
        else:
            assert each.result() == number
    assert found(path) == [n for n in range(3) if n != at]


def test_a_work_that_fails_only_among_others_is_well_alone(group: Group, path: Path) -> None:
    """Each of a group that failed is done once more, and written once."""
    group.begin(insert(0))
    others = group.join(insert(1), insert(2, fails=ValueError("in their way")))
    group.end()

    assert [each.result() for each in others] == [1, 2]
    until_true(lambda: found(path) == [0, 1, 2])


def test_what_was_undone_once_is_taken_along_by_nobody(file: SQLite) -> None:
    """It might fail among others again, and is not done a third time."""
    groups, others = file._groups, list[Task[Any]]()
    alone = Task(insert(0), durable=True, is_alone=True)
    groups._waiting[alone] = None

    assert not groups.has_durable()
    groups.take_along(others, durable=True)
    assert others == []


@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_a_leader_that_is_interrupted_leaves_the_others_well(
    group: Group, file: SQLite, path: Path, interruption: type[BaseException]
) -> None:
    """Its own work or another's is under way: who leads is interrupted, and nobody else."""
    for works in (
        [insert(0, fails=interruption()), insert(1), insert(2)],
        [insert(0), insert(1, fails=interruption()), insert(2)],
    ):
        again = Group(file, group._threads)
        leader = again.begin(works[0])
        others = again.join(*works[1:])
        again.end()

        assert [each.result() for each in others] == [1, 2]
        assert isinstance(leader.exception(), interruption)
        assert found(path) == [1, 2]
        file.write_fast(lambda driver: driver.execute("DELETE FROM found"))


@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_a_leader_that_is_interrupted_at_the_commit(
    group: Group, commits: Commits, path: Path, interruption: type[BaseException]
) -> None:
    """Before it, the others do theirs again; after it, they have their results, and do nothing."""

    def interrupt() -> None:
        commits.before = commits.after = lambda: None
        raise interruption

    leader = group.begin(insert(0))
    others = group.join(insert(1), insert(2))
    commits.before = interrupt
    group.end()
    assert [each.result() for each in others] == [1, 2]
    assert isinstance(leader.exception(), interruption)
    assert found(path) == [1, 2]

    after = Group(group._file, group._threads)
    leader = after.begin(insert(3))
    others = after.join(insert(4), insert(5))
    commits.after = interrupt
    after.end()
    assert [each.result() for each in others] == [4, 5]
    assert isinstance(leader.exception(), interruption)
    assert found(path) == [1, 2, 3, 4, 5]


def test_a_thread_that_dies_as_it_leads_leaves_the_next_its_place(file: SQLite, path: Path) -> None:
    """Nobody waits for the dead."""

    def die() -> None:
        with suppress(SystemExit):
            file.write_fast(insert(0, fails=SystemExit()))

    dying = threading.Thread(target=die)
    dying.start()
    dying.join()

    assert file.write_fast(insert(1)) == 1
    assert found(path) == [1]


def test_the_main_thread_takes_nobody_along(
    file: SQLite, commits: Commits, threads: ThreadPoolExecutor, path: Path
) -> None:
    """What a signal raises there would be taken for the failure of another's work."""
    others: list[Future[Any]] = []

    def work(driver: Any) -> int:
        others.extend(Group(file, threads).join(insert(1), insert(2)))
        result: int = insert(0)(driver)
        return result

    assert file.write_fast(work) == 0
    assert [each.result() for each in others] == [1, 2]
    assert commits.number == 2


def test_a_commit_that_fails_is_nobodys_until_each_has_tried(
    group: Group, commits: Commits, path: Path
) -> None:
    """Such as on a disk that had no room for all of them."""
    failures = [sqlite3.OperationalError("disk I/O error")]

    def fail() -> None:
        if failures:
            raise failures.pop()

    commits.before = fail
    leader = group.begin(insert(0))
    others = group.join(insert(1), insert(2))
    group.end()

    assert [each.result() for each in (leader, *others)] == [0, 1, 2]
    assert found(path) == [0, 1, 2]


def test_a_disk_that_is_full_fails_whoever_needs_the_room(group: Group, path: Path) -> None:
    """The others are written, and the sentence says what to do."""

    def large(driver: Any) -> None:
        driver.execute("PRAGMA max_page_count=20")
        driver.execute("INSERT INTO found VALUES (zeroblob(?))", (BIG,))

    leader = group.begin(insert(0))
    full, other = group.join(large, insert(1))
    group.end()

    with pytest.raises(StoreUnusable, match="cannot grow; make room on its disk"):
        full.result()
    assert (leader.result(), other.result()) == (0, 1)
    assert found(path) == [0, 1]


def test_a_file_that_becomes_read_only_in_the_middle(group: Group, path: Path) -> None:
    """Nothing of the group is written by half; each hears what to look at, or is written."""

    def close_it(driver: Any) -> None:
        driver.execute("PRAGMA query_only=ON")
        insert(1)(driver)

    leader = group.begin(insert(0))
    refused, other = group.join(close_it, insert(2))
    group.end()

    with pytest.raises(StoreUnusable, match="cannot be written"):
        refused.result()
    assert (leader.result(), other.result()) == (0, 2)
    assert found(path) == [0, 2]


WAIT = 0.5


@pytest.fixture
def hasty(path: Path, file: SQLite) -> Iterator[SQLite]:
    """The same file for threads that wait a moment only."""
    hasty = SQLite(path, wait=WAIT)
    yield hasty
    hasty.close()


def test_a_turn_that_does_not_come_in_time_is_busy(
    hasty: SQLite, threads: ThreadPoolExecutor, path: Path
) -> None:
    """Nothing of it is written, then or later."""
    group = Group(hasty, threads)
    leader = group.begin(insert(0))
    late = threads.submit(hasty.write_fast, insert(1))
    with pytest.raises(StoreBusy, match="others write it all the time"):
        late.result()
    group.end()

    assert leader.result() == 0
    assert found(path) == [0]
    assert hasty.write_fast(insert(2)) == 2


def test_a_commit_under_way_is_waited_for(hasty: SQLite, threads: ThreadPoolExecutor) -> None:
    """However long it takes: nobody can know before whether it is written."""
    commits, is_on_disk = Commits(hasty), threading.Event()
    commits.before = lambda: is_on_disk.wait(PATIENCE)
    group = Group(hasty, threads)
    leader, began = group.begin(insert(0)), time.monotonic()
    (other,) = group.join(insert(1))
    group.end()
    until_true(lambda: time.monotonic() > began + 2 * WAIT)

    assert not other.done()
    is_on_disk.set()
    assert (leader.result(), other.result()) == (0, 1)


def test_a_child_forked_while_threads_wait(
    file: SQLite, threads: ThreadPoolExecutor, path: Path
) -> None:
    """Nobody waits there, nor leads; its parent's threads go on."""
    with file._writers.take():
        first = threads.submit(file.write_fast, insert(0))
        until_true(lambda: file._groups._leader is not None)
        others = Group(file, threads).join(insert(1), insert(2))
        assert in_child(lambda: file.write_fast(insert(3)) == 3)

    assert [each.result() for each in (first, *others)] == [0, 1, 2]
    assert found(path) == [0, 1, 2, 3]


def synchronous(driver: Any) -> int:
    """Whether the transaction under way waits for the disk."""
    ((found,),) = driver.execute("PRAGMA synchronous").fetchall()
    return int(found)


def test_what_need_not_be_durable_does_not_wait_for_the_disk(file: SQLite) -> None:
    """It may be undone by a loss of power, and nothing else may."""
    for durable, wanted in ((False, NOT_DURABLE), (True, DURABLE), (False, NOT_DURABLE)):
        assert file.write_fast(synchronous, durable=durable) == wanted


def test_a_group_is_durable_if_one_of_it_is(group: Group, file: SQLite) -> None:
    """Whoever leads it."""
    with file._writers.take():
        leader = group._threads.submit(file.write_fast, synchronous, durable=False)
        until_true(lambda: file._groups._leader is not None)
        others = group.join(synchronous, durable=False) + group.join(synchronous, durable=True)

    assert [each.result() for each in (leader, *others)] == [DURABLE] * 3


def test_who_comes_too_late_for_a_durable_group_is_in_the_next(
    group: Group, commits: Commits
) -> None:
    """A transaction that has begun without waiting for the disk cannot learn to."""
    leader = group.begin(synchronous, durable=False)
    (durable,) = group.join(synchronous, durable=True)
    (other,) = group.join(synchronous, durable=False)
    group.end()

    assert (leader.result(), other.result()) == (NOT_DURABLE, NOT_DURABLE)
    assert durable.result() == DURABLE
    assert commits.number == 2


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_file_of_another_program_waits_for_the_disk_always(tmp_path: Path, journal: str) -> None:
    """Without a log a commit that does not could damage it; and the log is the host's to end."""
    path = tmp_path / "host.db"
    host = sqlite3.connect(path)
    host.execute(f"PRAGMA journal_mode={journal}")
    host.execute("CREATE TABLE of_the_host (n)")
    host.close()
    file = SQLite(path)

    assert file.write_fast(synchronous, durable=False) == EXTRA
    file.close()


def test_a_thread_goes_on_as_soon_as_another_process_is_done(file: SQLite, path: Path) -> None:
    """However long that took: it looks again and again, by itself."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for write in (file.write_fast, lambda work: file.write(lambda tx: work(driver_of(tx)))):
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.05, other.execute, ["COMMIT"])
        release.start()
        assert write(insert(1)) == 1
        release.join()
        assert file._groups.is_crowded  # and lets other processes come first for a moment
        assert write(insert(1)) == 1
        assert not file._groups.is_crowded
    other.close()


def driver_of(tx: Any) -> Any:
    """SQLite's connection below SQLAlchemy's."""
    return tx.connection.driver_connection
