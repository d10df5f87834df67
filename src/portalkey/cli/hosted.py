"""The command line within another program's: ``manage.py portalkey``, with the host's settings."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from portalkey.cli import main
from portalkey.cli.commands import Host

__all__ = ["Host", "run"]


def run(arguments: Sequence[str], values: Mapping[str, str], host: Host) -> int:
    """Run the command that *arguments* name, and return its exit code.

    Args:
        arguments: As they would stand behind ``portalkey``.
        values: Settings that go before those of the environment.
        host: How the whole command is called, and its file of settings.
    """
    with _lay_out(arguments, values, host.program):
        try:
            main(host)
        except SystemExit as end:
            return _read_code(end)
    return 0


@contextmanager
def _lay_out(arguments: Sequence[str], values: Mapping[str, str], program: str) -> Iterator[None]:
    """Let a command find *values* in the environment, and *arguments* where it looks for them."""
    before, argv = dict(os.environ), sys.argv
    os.environ.update(values)
    sys.argv = [program, *arguments]
    try:
        yield
    finally:
        sys.argv = argv
        for name in values:
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]


def _read_code(end: SystemExit) -> int:
    if isinstance(end.code, str):
        sys.stderr.write(f"{end.code}\n")
        return 1
    return end.code or 0
