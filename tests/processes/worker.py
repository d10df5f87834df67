"""Processes that do what a test tells them, forked from one that has imported everything.

``python -m processes.worker FD`` forks whenever it is told to on the socket FD, which see ``Crew``.
"""

import os
import secrets
import signal
import socket
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, cast

from click.testing import CliRunner
from sqlalchemy import event

from portalkey._support.clock import boot_time
from portalkey.broker import Broker
from portalkey.cli.group import cli
from portalkey.errors import PortalkeyError
from portalkey.hubspot.client import HubSpotClient
from portalkey.model.connection import Connection
from portalkey.model.leases import Lease, LeaseRequest
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey.vault.rotate import Rotated
from portalkey.vault.sql.sqlite import SQLite
from portalkey.vault.store import Store
from processes.notifying import JOURNAL, Journal, change
from processes.plan import Ahead, Marks, Outcome, Plan, mark_name
from processes.steps import COMMIT, Step, Steps
from support.environment import environment_of

LOOK = 0.001


def broker_of(plan: Plan, steps: Steps | None = None) -> Broker:
    """The broker that *plan* asks for, with every call counted by *steps*."""
    ahead = Ahead(plan.ahead)
    plaintext = plan.settings.database_plaintext
    kept = SQLStore.open(plan.settings.database_url, plaintext=plaintext, ahead=ahead)
    store: Store = kept if plan.is_leased else cast("Store", _Unleased(kept))
    wire = HubSpotClient()
    send = wire.send
    if steps is not None:
        store, send = steps.store(store), steps.send(send)  # type: ignore[assignment]
        event.listen(kept._database._writing, "commit", lambda _: steps.step(COMMIT, "a write"))
        drivers = kept._database._writing_drivers
        drivers._connect = partial(_Committing, drivers._connect, steps)
    return Broker(
        plan.settings,
        Vault(Keyring(plan.settings.keys), store, plan.settings.client_id),
        send,
        close=wire.close,
        clock=lambda: boot_time() + ahead() + plan.clock_off,
    )


class _Committing:
    """A driver's connection with a step before each commit."""

    def __init__(self, connect: Callable[[], Any], steps: Steps) -> None:
        self._driver = connect()
        self._steps = steps

    def commit(self) -> None:
        """The last moment before a write is there."""
        self._steps.step(COMMIT, "a write")
        self._driver.commit()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name in {"_driver", "_steps"}:
            super().__setattr__(name, value)
        else:  # such as how patient the connection is
            setattr(self._driver, name, value)


class _Unleased:
    """A store in which nobody keeps anybody from asking HubSpot."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def lease(self, seen: Connection, ask: LeaseRequest) -> Lease:
        until = seen.seen_at + timedelta(seconds=ask.seconds)
        taken = replace(seen, lease_id=ask.holder, lease_until=until)
        return Lease(taken, was_unanswered=False, is_news=False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Worker:
    """What a process can be told to do, each method by its name."""

    def __init__(self, plan: Plan, pipe: Pipe) -> None:
        self._pipe = pipe
        self._settings = plan.settings
        self._steps = Steps(_kill_at(plan.dies_at))
        stepping = self._steps if plan.dies_at is not None else None
        self._is_counted = stepping is not None
        self._broker = broker_of(plan, stepping)
        self._steps.seen.clear()

    def access_token(self, owner: str) -> Outcome:
        """One caller asks for the token of *owner*."""
        began, token, error = time.perf_counter(), None, None
        try:
            token = self._broker.access_token(owner)
        except PortalkeyError as trouble:
            error = trouble.code
        return Outcome(token, error, time.perf_counter() - began)

    def access_token_beside(self, owner: str, marks: Path, threads: int) -> Outcome:
        """The same on a thread, while others write, each counting in a row of its own.

        What each has heard is written stands in the file *marks*, one number after the other.
        """
        store = self._broker.vault.store
        assert isinstance(store, SQLStore)
        is_over, shared = threading.Event(), Marks(marks, threads)

        def count(number: int) -> None:
            while not is_over.is_set():
                work = partial(_count_on, name=mark_name(number))
                shared[number] = store._database.write_fast(work, durable=False)

        with ThreadPoolExecutor(threads + 1) as pool:
            try:
                counting = [pool.submit(count, number) for number in range(threads)]
                outcome = pool.submit(self.access_token, owner).result()
            finally:
                is_over.set()
            assert [each.exception() for each in counting] == [None] * threads
            return outcome

    def hold_a_group(self, threads: int) -> Sequence[int]:
        """Write from so many threads, in one transaction that is open until the test says so.

        The number that each of them heard is written.
        """
        store = self._broker.vault.store
        assert isinstance(store, SQLStore)
        database = store._database
        assert isinstance(database, SQLite)
        waiting = database._groups._waiting

        def write(number: int) -> int:
            return database.write_fast(partial(_count_on, name=mark_name(number)))

        with ThreadPoolExecutor(threads) as pool:

            def lead(driver: Any) -> int:
                counted = _count_on(driver, mark_name(0))
                futures.extend(pool.submit(write, number) for number in range(1, threads))
                while len(waiting) < threads - 1:
                    time.sleep(LOOK)
                self._pipe.send("open")
                assert self._pipe.recv() == "commit"
                return counted

            futures: list[Future[int]] = []
            led = pool.submit(database.write_fast, lead)
            return [led.result(), *(each.result() for each in futures)]

    def count(self, number: int) -> int:
        """Count one more in the row of this number; the new number."""
        store = self._broker.vault.store
        assert isinstance(store, SQLStore)
        return store._database.write_fast(partial(_count_on, name=mark_name(number)))

    def herd(self, owner: str, threads: int) -> Sequence[Outcome]:
        """As many callers as *threads*, let go at once when the test says so."""
        line = threading.Barrier(threads + 1)

        def caller() -> Outcome:
            line.wait()
            return self.access_token(owner)

        with ThreadPoolExecutor(threads) as pool:
            callers = [pool.submit(caller) for _ in range(threads)]
            self._pipe.send("ready")
            self._pipe.recv()
            line.wait()
            return [each.result() for each in callers]

    def ask_without_end(self, threads: int, rows: int) -> Mapping[str, int]:
        """Callers who ask for any row's token, one after another, until the test says so.

        Each token has to be its own row's.
        """
        stopped = threading.Event()

        def caller() -> Counter[str]:
            found: Counter[str] = Counter()
            while not stopped.is_set():
                number = secrets.randbelow(rows)
                outcome = self.access_token(f"owner-{number}")
                is_right = outcome.token == f"access {number}"
                found[outcome.error or ("right" if is_right else "wrong")] += 1
            return found

        with ThreadPoolExecutor(threads) as pool:
            callers = [pool.submit(caller) for _ in range(threads)]
            self._pipe.send("ready")
            try:
                self._pipe.recv()
            finally:  # the test may hang up
                stopped.set()
            return dict(sum((each.result() for each in callers), Counter()))

    def rotate(self) -> Rotated:
        """Seal everything anew; the test is told as it begins."""
        begun = iter(["begun"])

        def report(*_: int) -> None:
            for word in begun:
                self._pipe.send(word)

        return self._broker.keys.rotate(report)

    def command(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command as from a shell; its exit code, and what it said."""
        self._pipe.send("begun")
        done = CliRunner().invoke(cli, arguments, env=environment_of(self._settings))
        return done.exit_code, done.stdout, f"{done.stderr}{done.exception or ''}"

    def read_journal(self) -> tuple[int, str | None]:
        """Read HubSpot's journal; how many pages, or the code of an error."""
        try:
            return self._broker.journal.read().pages, None
        except PortalkeyError as trouble:
            return 0, trouble.code

    def make_changes(self, rows: Sequence[str], journal: Path, number: int) -> None:
        """Change connections so often, and tell of it: on this thread, if its steps are counted."""
        broker, is_counted = self._broker, self._is_counted
        broker.on_event(JOURNAL, Journal(journal))
        self._pipe.send("begun")
        for at in range(number):
            row = broker.find_connection(rows[at % len(rows)])
            assert row
            event = change(broker.vault.store, row)
            if is_counted:
                for name in broker._deliveries.names:
                    broker._deliveries.deliver_due(name)
            else:
                broker.audit.announce(event)

    def deliver_all(self, journal: Path) -> int:
        """Deliver what is due; how much waits still."""
        if JOURNAL not in self._broker._deliveries.names:
            self._broker.on_event(JOURNAL, Journal(journal, is_well=True))
        while self._broker.notify():
            pass
        return self._broker.stats().notifications

    def disconnect(self, owner: str) -> None:
        """Disconnect what *owner* has connected."""
        for connection in self._broker.connections(owner):
            self._broker.disconnect(owner, connection.id)

    def steps(self) -> Sequence[str]:
        """The steps so far."""
        return [str(step) for step in self._steps.seen]

    def serve(self) -> None:
        """Do one thing after another, until the test hangs up."""
        while True:
            try:
                name, arguments = self._pipe.recv()
            except EOFError:
                self._broker.close()
                return
            try:
                self._pipe.send((True, getattr(self, name)(*arguments)))
            except Exception:  # noqa: BLE001 - the test is told
                self._pipe.send((False, traceback.format_exc()))


def _count_on(driver: Any, name: str) -> int:
    """Count one more in the row of this *name*; the new number."""
    before = driver.execute("SELECT value FROM portalkey_meta WHERE id = ?", [name]).fetchone()
    number = int(before[0]) + 1 if before else 1
    driver.execute("REPLACE INTO portalkey_meta VALUES (?, ?)", [name, str(number)])
    return number


def _kill_at(number: int | None) -> Callable[[Step], None]:
    def act(step: Step) -> None:
        if step.number == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return act


def _fork(control: socket.socket, given: int) -> int:
    """A child that serves over the socket *given*; the parent's process id of it."""
    child = os.fork()
    if child:
        os.close(given)
        return child
    control.close()
    try:
        pipe = Pipe(given)
        Worker(pipe.recv(), pipe).serve()
    except BaseException:  # noqa: BLE001 - nothing may get back into the parent's loop
        traceback.print_exc()
    finally:
        os._exit(0)


def main() -> None:
    """Fork, and bury, as told."""
    with socket.socket(fileno=int(sys.argv[1])) as control:
        control.send(b"0")  # everything is imported
        while True:
            order, given, _, _ = socket.recv_fds(control, 100, 1)
            if not order:
                return
            answer = _fork(control, given[0]) if given else os.waitpid(int(order), 0)[1]
            control.send(str(answer).encode())


if __name__ == "__main__":
    main()
