"""The servers that people put before their apps, each in processes of its own."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from bench.place import Place

Command = Callable[[int, int], list[str]]
"""The arguments that let a server listen on a port with so many threads."""
_PATIENCE = 30.0


def _waitress(port: int, threads: int) -> list[str]:
    return ["waitress", f"--listen=127.0.0.1:{port}", f"--threads={threads}", "bench.apps:app"]


def _gunicorn(port: int, threads: int) -> list[str]:
    options = ["--worker-class=gthread", "--workers=2", f"--threads={threads // 2}"]
    options += ["--log-level=error", "--keep-alive=30", "--no-control-socket"]
    return ["gunicorn", f"--bind=127.0.0.1:{port}", *options, "bench.apps:app"]


def _granian(port: int, threads: int) -> list[str]:
    options = ["--interface=wsgi", "--workers=2", f"--blocking-threads={threads // 2}", "--no-log"]
    return ["granian", "--host=127.0.0.1", f"--port={port}", *options, "bench.apps:app"]


SERVERS: Mapping[str, Command] = {
    "waitress": _waitress,
    "gunicorn gthread": _gunicorn,
    "granian": _granian,
}
"""Those of Flask."""


def _uvicorn(port: int, threads: int) -> list[str]:
    del threads
    return ["uvicorn", "--port", str(port), "--log-level=error", "bench.asgi_apps:app"]


ASGI_SERVERS: Mapping[str, Command] = {"uvicorn": _uvicorn}
"""Those of an event loop."""


@contextmanager
def serving(server: str, app: str, place: Place, threads: int) -> Iterator[int]:
    """The port of a *server* with the app called *app*, at *place*."""
    with serving_process(server, app, place, threads) as (port, _):
        yield port


@contextmanager
def serving_process(server: str, app: str, place: Place, threads: int) -> Iterator[tuple[int, int]]:
    """The same, and the id of the server's process."""
    port = _free_port()
    command = [sys.executable, "-m", *{**SERVERS, **ASGI_SERVERS}[server](port, threads)]
    environment = {**os.environ, "BENCH_APP": app, "BENCH_PLACE": json.dumps(place.told())}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/ready")
            connection.getresponse().read()
        except OSError:
            assert process.poll() is None, "the server has stopped"
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
