"""The herd over HTTP: an app under gunicorn, preloaded and forked."""

import hashlib
import os
import pickle
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx2

from portalkey.broker import Broker
from portalkey_simulator import HubSpot
from processes.herd import connect, expire, renewals
from processes.plan import Ahead, Plan
from support.patience import PATIENCE

WORKERS, THREADS, CALLERS, EXPIRIES = 4, 16, 64, 3
DELAY = 0.3
"""Seconds that HubSpot takes: time for every worker to come and ask too."""
_TESTS = Path(__file__).parents[1]
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the system's takes long


@contextmanager
def running_app(plan: Plan, folder: Path) -> Iterator[str]:
    """The app's address while gunicorn runs it."""
    kept = folder / "plan"
    kept.write_bytes(pickle.dumps(plan))
    env = {**os.environ, "PYTHONPATH": str(_TESTS), "HERD_PLAN": str(kept), "TMPDIR": str(folder)}
    # Whoever calls before the workers are up waits in its queue.
    with socket.create_server(("127.0.0.1", 0), backlog=CALLERS) as listener:
        command = [sys.executable, "-m", "gunicorn", "--preload", "--worker-class=gthread"]
        command += [f"--workers={WORKERS}", f"--threads={THREADS}", "--no-control-socket"]
        command += [f"--bind=fd://{listener.fileno()}", "--log-level=warning"]
        with subprocess.Popen(
            [*command, "processes.gunicorn_app:app"], env=env, pass_fds=[listener.fileno()]
        ) as process:
            try:
                address = f"http://127.0.0.1:{listener.getsockname()[1]}"
                _see_all(address)
                yield address
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE)


def _see_all(address: str) -> None:
    """Return once every worker has answered somebody."""
    seen: set[int] = set()
    until = time.monotonic() + PATIENCE
    while len(seen) < WORKERS:
        assert time.monotonic() < until, "not every worker answers"
        seen.update(each["process"] for each in rush(address))


def rush(address: str) -> list[dict[str, Any]]:
    """What the callers hear who are let go at once."""
    line = Barrier(CALLERS)

    def caller() -> dict[str, Any]:
        with httpx2.Client(timeout=PATIENCE, verify=_NO_AUTHORITIES) as http:
            line.wait()
            answer: dict[str, Any] = http.get(f"{address}/token").json()
        return answer

    with ThreadPoolExecutor(CALLERS) as pool:
        return [each.result() for each in [pool.submit(caller) for _ in range(CALLERS)]]


def test_a_herd_at_forked_workers_sends_one_request(
    plan: Plan, broker: Broker, hubspot: HubSpot, ahead: Ahead, tmp_path: Path
) -> None:
    """A broker that was at work before gunicorn forked its workers keeps them to one request."""
    connect(broker, hubspot, "ada")
    with running_app(plan, tmp_path) as address:
        for expiry in range(1, EXPIRIES + 1):
            hubspot.switches.rotate_refresh_tokens = expiry == EXPIRIES
            expire(hubspot, ahead)
            hubspot.next_token_answer(delay=DELAY)

            heard = rush(address)

            (held,) = broker.connections("ada")
            token = broker.vault.open_access(held).get_secret_value()
            assert {each["got"] for each in heard} == {hashlib.sha256(token.encode()).hexdigest()}
            assert renewals(hubspot) == expiry
            assert len({each["process"] for each in heard}) > 1


def test_forked_workers_without_leases_send_many(
    plan: Plan, broker: Broker, hubspot: HubSpot, ahead: Ahead, tmp_path: Path
) -> None:
    """The control: where every worker is given a lease, more than one of them asks."""
    connect(broker, hubspot, "ada")
    with running_app(replace(plan, is_leased=False), tmp_path) as address:
        expire(hubspot, ahead)
        for _ in range(WORKERS):
            hubspot.next_token_answer(delay=DELAY)

        rush(address)

        assert renewals(hubspot) > 1
