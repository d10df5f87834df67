"""A real Redis for tests, on a socket in a folder of its own.

Ask for ``redis_url``: the database is empty, and gone afterwards. A module that does names this
plugin: ``pytest_plugins``.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NobodyAnswers

from support.patience import PATIENCE


@pytest.fixture(scope="session")
def redis_server_url() -> Iterator[str]:
    """The server for all tests of this process."""
    with running_redis() as url:
        yield url


@pytest.fixture
def redis_url(redis_server_url: str) -> Iterator[str]:
    """A Redis with nothing in it, as its own library writes where that is."""
    yield redis_server_url
    with Redis.from_url(redis_server_url) as redis:
        redis.flushall()


@contextmanager
def running_redis() -> Iterator[str]:
    """Where a server of one's own answers; nothing of it is written to disk."""
    # A short name, as sockets need it.
    with tempfile.TemporaryDirectory(prefix="portalkey-") as name:
        folder = Path(name)
        url = f"unix://{folder}/redis"
        command = [_program(folder), "--port", "0", "--unixsocket", str(folder / "redis")]
        command += ["--dir", str(folder), "--save", "", "--logfile", "log"]
        with subprocess.Popen(command) as process:
            try:
                _wait_for(url, process)
                yield url
            finally:
                process.terminate()


def _program(folder: Path) -> str:
    """Debian's redis-tools holds the server under another name; it goes by the one it is called."""
    found = shutil.which("redis-server")
    if found is None:
        tools = shutil.which("redis-check-rdb", path=f"{os.environ['PATH']}:/usr/bin")
        assert tools, "run scripts/need-programs"
        server = folder / "redis-server"
        server.symlink_to(tools)
        found = str(server)
    return found


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Return as soon as *url* answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with Redis.from_url(url) as redis:
                redis.ping()
        except NobodyAnswers:
            assert process.poll() is None, "it has stopped"
            assert time.monotonic() < deadline, "it does not answer"
            time.sleep(0.02)
        else:
            return
