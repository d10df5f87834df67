"""Workers as people run them: Celery's pool and RQ, over the examples as they stand."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

from celery import Celery
from celery.result import AsyncResult
from redis import Redis
from rq import Queue
from rq.job import Job

from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from processes.herd import LIFETIME
from support.commands import clean_environment
from support.patience import PATIENCE

DELAY, LONG = 0.5, 300.0
"""Seconds that HubSpot takes: for both processes to come and ask; for nobody to hear it."""
NEAR_END = LIFETIME - 120
"""Seconds ago that a token came which is to be renewed in the background."""
REFUSAL = "MISMATCH_REFRESH_TOKEN_CLIENT"
"""HubSpot's word for what one connection's operator has to look at."""

EXAMPLE = Path(__file__).parents[3] / "examples" / "workers"
Connect = Callable[..., int]


class Workshop:
    """A copy of the example, with an environment file beside it, and a log of all its workers."""

    def __init__(self, folder: Path, settings: Settings, redis_url: str) -> None:
        self.folder = copytree(EXAMPLE, folder / "workers", ignore=ignore_patterns("__pycache__"))
        (self.folder / ".env").write_text(_env_file(settings))
        self.settings = settings
        self._log = self.folder / "log"
        self.redis_url, self.celery_url = redis_url, f"redis+socket{redis_url[4:]}"
        (self.folder / "tmp").mkdir()

    @property
    def log(self) -> str:
        """What the workers have told so far."""
        return self._log.read_text()

    @property
    def children(self) -> set[str]:
        """The processes of Celery's pool that have done a task."""
        return set(re.findall(r"(ForkPoolWorker-\d+)\] Task \S+ succeeded", self.log))

    @contextmanager
    def celery(self, queue: str = "celery") -> Iterator["subprocess.Popen[bytes]"]:
        """A worker with two children, until the block ends: then it finishes what it has."""
        command = ["celery", "--app", "hubspot_celery", "worker", "--pool", "prefork"]
        command += ["--concurrency", "2", "--queues", queue, "--hostname", f"{queue}@localhost"]
        command += ["--loglevel", "info", "--without-mingle", "--without-gossip"]
        process = self._start(command)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)

    @contextmanager
    def rq(self) -> Iterator["subprocess.Popen[bytes]"]:
        """A worker, until the block ends: then it finishes what it has."""
        process = self._start(["rq", "worker", "--config", "hubspot_rq"])
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)

    def rq_burst(self) -> None:
        """A worker that takes up what was scheduled, until nothing is left to do."""
        burst = ["rq", "worker", "--burst", "--with-scheduler", "--config", "hubspot_rq"]
        assert self._start(burst).wait(PATIENCE) == 0, self.log

    def _start(self, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        env = clean_environment() | {"CELERY_URL": self.celery_url, "REDIS_URL": self.redis_url}
        env["TMPDIR"] = str(self.folder / "tmp")
        program = Path(sys.executable).with_name(command[0])
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [program, *command[1:]], cwd=self.folder, env=env, stdout=log, stderr=log
            )


@contextmanager
def celery_client(url: str) -> Iterator[Callable[..., AsyncResult]]:
    """Sends the example's task for an owner; ``queue=`` says where to."""
    with Celery(broker=url, backend=url, set_as_current=False) as app:
        yield lambda owner, **to: app.send_task("hubspot_celery.account_details", [owner], **to)


@contextmanager
def rq_client(url: str) -> Iterator[Callable[[str], Job]]:
    """Enqueues the example's job for an owner."""
    with Redis.from_url(url) as redis:
        queue = Queue(connection=redis)
        yield lambda owner: queue.enqueue("hubspot_rq.account_details", owner)


def children(pid: int) -> list[int]:
    """The processes that *pid* has forked and that still run."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kill_children(process: "subprocess.Popen[bytes]") -> None:
    """End all of them as ``kill -9`` does."""
    for each in children(process.pid):
        os.kill(each, signal.SIGKILL)


def until(is_so: Callable[[], Any]) -> None:
    """Return once *is_so*."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.02)


def has_heard(hubspot: HubSpot) -> bool:
    """True once it has the request to whose answer it takes its time; it notes it afterwards."""
    return not hubspot.faults.rules


def _env_file(settings: Settings) -> str:
    (key,) = settings.keys
    lines = {
        "HUBSPOT_CLIENT_ID": settings.client_id,
        "HUBSPOT_CLIENT_SECRET": settings.client_secret.get_secret_value(),
        "HUBSPOT_REDIRECT_URI": settings.redirect_uri,
        "HUBSPOT_SCOPES": f'"{" ".join(settings.scopes)}"',
        "HUBSPOT_APP_URL": settings.app_url,
        "HUBSPOT_API_URL": settings.api_url,
        "PORTALKEY_PUBLIC_URL": settings.public_url,
        "PORTALKEY_KEYS": f"{key.name}:{key.secret.get_secret_value()}",
        "PORTALKEY_DATABASE_URL": settings.database_url,
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())
