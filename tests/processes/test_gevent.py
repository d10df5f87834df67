"""gunicorn's gevent workers, where whatever blocks a thread blocks every request of the worker."""

import os
import pickle
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from processes.herd import connect, expire
from processes.plan import Ahead, Plan
from processes.worker import broker_of
from support.patience import PATIENCE

pytest_plugins = ("support.postgres",)

DELAY, TICKS = 3.0, 5
"""Seconds that HubSpot or a row is waited for; requests that are answered meanwhile."""
_TESTS = Path(__file__).parents[1]
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the system's takes long


@pytest.fixture
def plan(settings: Settings, migrated_postgres_url: str, ahead: Ahead) -> Plan:
    """PostgreSQL, whose rows are locked one by one."""
    there = settings.model_copy(update={"database_url": migrated_postgres_url})
    return Plan(there, ahead.file)


@pytest.fixture
def broker(plan: Plan) -> Iterator[Broker]:
    """Another process's."""
    broker = broker_of(plan)
    yield broker
    broker.close()


@contextmanager
def running_worker(plan: Plan, folder: Path, *, is_late: bool) -> Iterator[str]:
    """The app's address; *is_late* loads it before gevent replaces the interpreter's threads."""
    file = folder / "plan"
    file.write_bytes(pickle.dumps(plan))
    env = {**os.environ, "PYTHONPATH": str(_TESTS), "TMPDIR": str(folder)}
    # What is used before is made of the interpreter's own locks and threads.
    env |= {"APP_PLAN": str(file), "APP_USED": "ada" if is_late else ""}
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        command = [sys.executable, "-m", "gunicorn", "--worker-class=gevent", "--workers=1"]
        command += [f"--bind=fd://{listener.fileno()}", "--no-control-socket"]
        command += ["--log-level=warning", *(["--preload"] if is_late else [])]
        process = subprocess.Popen(
            [*command, "processes.forked_app:app"], env=env, pass_fds=[listener.fileno()]
        )
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


def ask(address: str, path: str, owner: str = "ada") -> dict[str, Any]:
    """What Ada hears, or another *owner*."""
    with httpx2.Client(base_url=address, timeout=PATIENCE, verify=_NO_AUTHORITIES) as http:
        answer: dict[str, Any] = http.get(path, headers={"X-Owner": owner}).json()
        return answer


def ticks_during(address: str, has_begun: Callable[[], bool]) -> tuple[bool, dict[str, Any]]:
    """Whether others are answered while Ada waits for her token, and what she hears then."""
    with ThreadPoolExecutor(1) as pool:
        slow: Future[dict[str, Any]] = pool.submit(ask, address, "/own")
        until = time.monotonic() + PATIENCE
        while not has_begun():
            assert time.monotonic() < until
            time.sleep(0.02)
        for _ in range(TICKS):
            ask(address, "/tick")
        return not slow.done(), slow.result()


@pytest.mark.parametrize("is_late", [True, False], ids=["late", "early"])
def test_nothing_blocks_the_worker(
    plan: Plan, broker: Broker, hubspot: HubSpot, ahead: Ahead, tmp_path: Path, *, is_late: bool
) -> None:
    """While HubSpot takes its time, or a row is locked elsewhere, others are answered."""
    connect(broker, hubspot, "ada")
    (before,) = broker.connections("ada")
    with running_worker(plan, tmp_path, is_late=is_late) as address:
        assert ask(address, "/own")["accounts"] == [before.hub_id]
        expire(hubspot, ahead)
        hubspot.next_token_answer(delay=DELAY)
        are_answered, heard = ticks_during(address, lambda: not hubspot.faults.rules)
        assert are_answered, "HubSpot's answer is waited for by all"
        assert len(heard["token"]) == 64

        expire(hubspot, ahead)
        with psycopg.connect(plan.settings.database_url) as other:
            other.execute("SELECT 1 FROM portalkey.portalkey_connections FOR UPDATE")
            are_answered, heard = ticks_during(address, lambda: is_waiting(other))
        assert are_answered, "a row is waited for by all"


@pytest.mark.parametrize("is_late", [True, False], ids=["late", "early"])
def test_a_file_that_another_process_writes_blocks_no_worker(
    settings: Settings, hubspot: HubSpot, ahead: Ahead, tmp_path: Path, *, is_late: bool
) -> None:
    """Several of its greenlets wait for their turn at SQLite, and others are answered."""
    plan = Plan(settings, ahead.file)
    owners = ["ada", "bob", "cleo"]
    with closing(broker_of(plan)) as broker:
        for owner in owners:
            connect(broker, hubspot, owner)
    path = settings.database_url.removeprefix("sqlite:///")
    with running_worker(plan, tmp_path, is_late=is_late) as address:
        ask(address, "/own")
        expire(hubspot, ahead)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with ThreadPoolExecutor(len(owners)) as pool:
                waiting = [pool.submit(ask, address, "/own", owner) for owner in owners]
                for _ in range(TICKS * 10):
                    ask(address, "/tick")
                are_waiting = not any(each.done() for each in waiting)
                other.execute("ROLLBACK")
                heard = [each.result() for each in waiting]

    assert are_waiting
    assert [len(each["token"]) for each in heard] == [64] * len(owners)


def is_waiting(other: psycopg.Connection[Any]) -> bool:
    """True once somebody waits for a lock."""
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    return bool((other.execute(query).fetchone() or (0,))[0])
