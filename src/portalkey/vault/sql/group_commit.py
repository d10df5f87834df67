"""Group commit: threads that write at once share one transaction, and one wait for the disk.

Whoever comes while nobody is at it leads: its thread begins, does its own work and then that of all
who wait by then, and commits. Nobody has a result before the commit. Where a work fails, nothing of
its group is written, and each of them is done again by the thread that wants it, alone.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from portalkey._support.time_limit import NoSlotFree, seconds_left, short_pause
from portalkey.vault.sql.open_files import FileConnection

T = TypeVar("T")
Work = Callable[[Any], T]
"""Writes over the connection that it is given, and leaves the commit to others."""

MOST = 64
"""Works in one transaction, at most: other processes wait for it."""


class Task(Generic[T]):
    """One thread's *work*; ``wake`` is released once its turn has come, or its group is over."""

    __slots__ = ("durable", "is_alone", "is_done", "result", "wake", "work")

    result: T

    def __init__(self, work: Work[T], *, durable: bool, is_alone: bool) -> None:
        self.work, self.durable, self.is_alone = work, durable, is_alone
        self.is_done = False
        self.wake = threading.Lock()
        self.wake.acquire()

    def run(self, driver: sqlite3.Connection) -> None:
        """Do the work; its result counts once it is committed."""
        self.result = self.work(driver)


class Group:
    """One transaction: the leader's work, and that of the others whom it takes along."""

    def __init__(self, leader: Task[Any], commits: "GroupCommit") -> None:
        self._leader, self._commits = leader, commits
        # A signal's handler raises in the main thread, whoever's work that is at: its own only.
        is_main = threading.get_ident() == threading.main_thread().ident
        self._is_alone = leader.is_alone or is_main
        self._is_durable = leader.durable
        self.others: list[Task[Any]] = []
        self.is_committed = False

    def decide_durable(self) -> bool:
        """Return True where one of those who wait needs the disk; the last answer holds."""
        others_need_it = not self._is_alone and self._commits.has_durable()
        self._is_durable = self._leader.durable or others_need_it
        return self._is_durable

    def run(self, driver: sqlite3.Connection) -> None:
        """Do every work over *driver*, whose transaction has begun, and commit."""
        # The leader's first, and nobody else's before it is well: what it raises is its own.
        self._leader.run(driver)
        if not self._is_alone:
            self._commits.take_along(self.others, durable=self._is_durable)
        for each in self.others:
            each.run(driver)
        self._commit(driver)

    def _commit(self, driver: sqlite3.Connection) -> None:
        try:
            driver.commit()
            self.is_committed = True
        except sqlite3.Error:
            raise
        except BaseException:  # an interruption, that may come right after the commit
            self.is_committed = not driver.in_transaction
            raise

    def end(self) -> None:
        """Let all of them know what came of it."""
        for each in (self._leader, *self.others):
            each.is_done = self.is_committed
        for each in self.others:
            each.wake.release()


class GroupCommit:
    """Puts the works of this process's threads together into transactions.

    No lock is held while anybody waits or works, so that others can come and queue meanwhile.
    """

    is_crowded = False
    """True where another process was at the file as the last transaction was to begin. It comes
    first then, before this process's next: it would hardly ever find the file free."""

    def __init__(self, transact: Callable[[Group], None], wait: float) -> None:
        """Have *transact* begin a transaction and run the group in it.

        Nobody waits for a turn longer than *wait* seconds, and no longer than the call may.
        """
        self._transact = transact
        self._wait = wait
        self.renew()

    def renew(self) -> None:
        """Begin with nobody: the threads of a forked child's parent are not there.

        Whoever owns this sees to it that it is done there.
        """
        self._lock = threading.Lock()
        self._waiting: dict[Task[Any], None] = {}
        self._leader: Task[Any] | None = None

    def do(self, work: Work[T], *, durable: bool) -> T:
        """Return the result of *work*, once it is committed; raises what it raises.

        Args:
            work: Done once more, alone, where it was undone together with others'.
            durable: False where a loss of power may undo it later.

        Raises:
            NoSlotFree: Its turn did not come in time, and nothing was written.
        """
        task = Task(work, durable=durable, is_alone=False)
        if not self._share(task):
            task = Task(work, durable=durable, is_alone=True)
            self._share(task)
        return task.result

    def _share(self, task: Task[Any]) -> bool:
        """Do *task*, or let a leader do it; False where it was undone with its group."""
        try:
            follows = not self._enter(task)
            if follows:
                self._wait_for(task)
            if self._leader is task:
                if follows and self.is_crowded:
                    time.sleep(short_pause(0.0))
                self._lead(task)
        finally:
            self._leave(task)
        return task.is_done

    def _enter(self, task: Task[Any]) -> bool:
        """Let *task* lead, or else wait."""
        with self._lock:
            if self._leader is None:
                self._leader = task
            else:
                self._waiting[task] = None
            return self._leader is task

    def _wait_for(self, task: Task[Any]) -> None:
        """Wait until *task* is done or undone by a leader, or has to lead."""
        if task.wake.acquire(timeout=seconds_left(self._wait)):
            return
        with self._lock:
            if self._leader is task:  # just now
                return
            if task in self._waiting:
                raise NoSlotFree
        task.wake.acquire()  # its transaction is under way

    def _lead(self, task: Task[Any]) -> None:
        group = Group(task, self)
        try:
            self._transact(group)
        except Exception:
            # Where others were in it, it may be the failure of any of them: each finds out alone.
            if not group.others or group.is_committed:
                raise
        finally:
            group.end()

    def _leave(self, task: Task[Any]) -> None:
        """Let another lead if *task* did or was to, whatever its thread has met."""
        with self._lock:
            self._waiting.pop(task, None)
            if self._leader is not task:
                return
            self._leader = following = next(iter(self._waiting), None)
            if following is not None:
                del self._waiting[following]
        if following is not None:
            following.wake.release()

    def has_durable(self) -> bool:
        """Return True where one of those who wait needs the disk."""
        with self._lock:
            return any(each.durable and not each.is_alone for each in self._waiting)

    def take_along(self, others: list[Task[Any]], *, durable: bool) -> None:
        """Move those who wait to *others*, but for who needs a transaction that is *durable*."""
        with self._lock:
            fit = [e for e in self._waiting if not e.is_alone and (durable or not e.durable)]
            for each in fit[: MOST - 1]:
                others.append(each)  # first, so that nobody is ever in neither
                del self._waiting[each]


def be_durable(driver: FileConnection, *, is_durable: bool) -> None:
    """Let the next commit of *driver* wait for the disk, or not: only a log may do without."""
    if driver.has_log and is_durable is not driver.is_durable:
        driver.is_durable = False
        driver.execute("PRAGMA synchronous=FULL" if is_durable else "PRAGMA synchronous=NORMAL")
        driver.is_durable = is_durable
