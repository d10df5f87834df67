"""Debian's nginx before an app, with the headers that it sends by itself."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.patience import PATIENCE

CONFIG = """
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {config}
}}
"""
SERVER = """
server {{
    listen 127.0.0.1:{port};
    location {prefix}/ {{ proxy_pass http://127.0.0.1:{behind}/; }}
}}
"""


@contextmanager
def running_nginx(folder: Path, *, port: int, behind: int, prefix: str = "") -> Iterator[None]:
    """Listen on *port*, and pass what is below *prefix* on to *behind*, without the prefix."""
    server = SERVER.format(port=port, behind=behind, prefix=prefix)
    with running_nginx_with(folder, server, port):
        yield


@contextmanager
def running_nginx_with(folder: Path, config: str, port: int) -> Iterator[None]:
    """Run nginx with *config* within its http block, which listens on *port*."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    assert program is not None, "run scripts/need-programs"
    file = folder / "nginx.conf"
    file.write_text(CONFIG.format(folder=folder, config=config))
    quiet = ["-e", str(folder / "error.log"), "-g", "daemon off;"]
    with subprocess.Popen([program, "-p", str(folder), "-c", str(file), *quiet]) as process:
        try:
            _wait_for(port, process, folder / "error.log")
            yield
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.02)
