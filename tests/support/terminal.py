"""A terminal of so many columns, and what a command says there."""

import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path

from support.commands import PORTALKEY

COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def run_in_terminal(
    *arguments: str, columns: int, env: Mapping[str, str], cwd: Path, typed: str = ""
) -> tuple[int, str]:
    """Run a command whose output goes to a terminal; its exit code, and what is read there.

    What is *typed* waits there before anything is asked; with nothing, nobody sits there.
    """
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with subprocess.Popen(
        [*PORTALKEY, *arguments],
        stdin=theirs if typed else subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**env, "COLUMNS": str(columns), "TERM": "xterm-256color"},
        cwd=cwd,
    ) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        said = b""
        with suppress(OSError):  # the other end is closed
            while part := os.read(ours, 65536):
                said += part
    os.close(ours)
    return process.returncode, COLOURS.sub("", said.decode()).replace("\r\n", "\n")
