"""The commands, run in processes of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.patience import PATIENCE
from support.ports import free_port

PYTHON = [sys.executable]
PORTALKEY = [*PYTHON, "-m", "portalkey"]


def run(
    *arguments: str, cwd: Path | None = None, typed: str = "", home: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """A command, run to its end in a clean environment, with what is *typed* and no more."""
    return subprocess.run(
        [*PORTALKEY, *arguments],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=_environment_at(home),
    )


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of ours."""
    ours = ("PORTALKEY_", "HUBSPOT_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _environment_at(home: Path | None) -> dict[str, str]:
    """The same, where the platform's folder for data is *home*."""
    return {**clean_environment(), **({"XDG_DATA_HOME": str(home)} if home else {})}


def free_ports() -> tuple[int, int]:
    """Two ports that are free just now."""
    one = free_port()
    return one, free_port(one)


@contextmanager
def running(
    *arguments: str,
    ready: str,
    cwd: Path | None = None,
    home: Path | None = None,
    lines: list[str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """A command that runs until the block ends; entered once it has printed *ready*.

    What it printed until then is added to *lines*.
    """
    process = subprocess.Popen(
        [*PORTALKEY, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=cwd,
        env=_environment_at(home),
    )
    assert process.stdout is not None
    seen = ""
    with process:
        try:
            while ready not in seen:
                line = process.stdout.readline()
                assert line, seen
                seen += line
                if lines is not None:
                    lines.append(line)
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE)
