"""A PostgreSQL server as one would run it: what is committed is on the disk."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Where the tests' own server is.
sys.path.append(str(Path(__file__).parents[1] / "tests"))

from support.postgres_server import AS_NOBODY, Server, new_database, private_folder, wait_for

__all__ = ["new_database", "running_durable_server"]


class DurableServer(Server):
    """The tests' server with its durability on."""

    def start(self) -> None:
        """Run the server, and wait until it answers."""
        command = [str(self._programs / "postgres"), f"-D{self.folder}/data", f"-k{self.folder}"]
        command += ["--listen_addresses=", "--max_connections=300"]
        with (self.folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, **AS_NOBODY
            )
        wait_for(self.url, self._process)


@contextmanager
def running_durable_server() -> Iterator[str]:
    """The URL of a server of one's own."""
    with private_folder() as folder, DurableServer(folder) as server:
        yield server.url
