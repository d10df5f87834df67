"""Metrics of an app that has several worker processes, one of which dies."""

import os
import pickle
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2

from portalkey.broker import Broker
from portalkey_simulator import HubSpot
from processes.herd import connect, expire, renewals
from processes.plan import Ahead, Plan
from support.patience import PATIENCE

WORKERS, CALLERS, SCRAPES = 3, 24, 6
_TESTS = Path(__file__).parents[1]
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the system's takes long


class App:
    """The app under gunicorn, as callers see it."""

    def __init__(self, address: str) -> None:
        self._address = address

    def get(self, path: str) -> str:
        """What one caller hears, over a connection of its own."""
        with httpx2.Client(timeout=PATIENCE, verify=_NO_AUTHORITIES) as http:
            return http.get(f"{self._address}{path}").raise_for_status().text

    def rush(self, path: str) -> Counter[int]:
        """How often each process answered many callers at once."""
        with ThreadPoolExecutor(CALLERS) as pool:
            return Counter(int(pid) for pid in pool.map(self.get, [path] * CALLERS))

    def scrape(self) -> dict[str, float]:
        """Every sample, which is there once."""
        lines = [line for line in self.get("/metrics").splitlines() if not line.startswith("#")]
        pairs = [line.rsplit(" ", 1) for line in lines]
        samples = {name: float(value) for name, value in pairs}
        assert len(samples) == len(pairs)
        return samples

    def rush_until(self, path: str, is_enough: Callable[[Counter[int]], bool]) -> Counter[int]:
        """How often each answered, once *is_enough* says so of it."""
        answered, until = Counter[int](), time.monotonic() + PATIENCE
        while not is_enough(answered):
            assert time.monotonic() < until, answered
            answered += self.rush(path)
        return answered


@contextmanager
def running_app(plan: Plan, folder: Path) -> Iterator[App]:
    """The app while gunicorn runs it, with its counts in a directory that was empty."""
    kept, counts = folder / "plan", folder / "counts"
    kept.write_bytes(pickle.dumps(plan))
    counts.mkdir()
    env = {**os.environ, "PYTHONPATH": str(_TESTS), "HERD_PLAN": str(kept), "TMPDIR": str(folder)}
    env["PROMETHEUS_MULTIPROC_DIR"] = str(counts)
    # Whoever calls before the workers are up waits in its queue.
    with socket.create_server(("127.0.0.1", 0), backlog=CALLERS) as listener:
        command = [sys.executable, "-m", "gunicorn", "--preload", "--worker-class=gthread"]
        command += [f"--workers={WORKERS}", "--threads=8", "--no-control-socket"]
        command += [f"--bind=fd://{listener.fileno()}", "--log-level=critical"]
        with subprocess.Popen(
            [*command, "processes.metrics_app:app"], env=env, pass_fds=[listener.fileno()]
        ) as process:
            try:
                yield App(f"http://127.0.0.1:{listener.getsockname()[1]}")
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE)


def test_workers_are_added_up_and_gauges_are_not(
    plan: Plan, broker: Broker, hubspot: HubSpot, ahead: Ahead, tmp_path: Path
) -> None:
    """Whoever answers the scrape says the same, and a worker that is killed takes nothing along."""
    connect(broker, hubspot, "ada")
    with running_app(plan, tmp_path) as app:
        answered = app.rush_until("/count", lambda seen: len(seen) == WORKERS)
        expire(hubspot, ahead)
        app.rush("/token")

        for _ in range(SCRAPES):
            samples = app.scrape()
            assert samples['portalkey_events_total{event="revoked"}'] == answered.total()
            assert samples['portalkey_refreshes_total{result="ok"}'] == renewals(hubspot) == 1
            assert samples["portalkey_refresh_seconds_count"] == 1
            assert samples['portalkey_connections{status="connected"}'] == 1
            assert samples["portalkey_store_up"] == 1

        victim = next(iter(answered))
        os.kill(victim, signal.SIGKILL)
        answered += app.rush_until("/count", lambda seen: len(seen - Counter([victim])) == WORKERS)

        samples = app.scrape()
        assert samples['portalkey_events_total{event="revoked"}'] == answered.total()
        assert samples['portalkey_connections{status="connected"}'] == 1
