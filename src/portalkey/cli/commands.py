"""Table of commands, and of what each needs beside a base install. Imports no library."""

from collections.abc import Mapping
from typing import NamedTuple


class About(NamedTuple):
    """A command in one line, and the extras that bring its libraries."""

    summary: str
    extras: tuple[str, ...] = ()


COMMANDS: Mapping[str, About] = {
    "db": About("Look after the database."),
    "demo": About(
        "Run the app with a simulated HubSpot beside it; no HubSpot account is needed.",
        ("server", "simulator"),
    ),
    "import": About(
        "Bring over the connections that another library kept, so that nobody has to connect again."
    ),
    "init": About("Write a commented settings file with a fresh key."),
    "keys": About("Add, rotate and retire the keys that seal the tokens."),
    "serve": About(
        "Run the app against HubSpot, with one owner per visitor's session.", ("server",)
    ),
    "simulate": About(
        "Run a local HubSpot: consent pages, OAuth, account data, faults on demand.",
        ("simulator",),
    ),
    "token": About("Print a valid access token of OWNER's connection."),
    "work": About("Send revocations to HubSpot that failed at first, until they succeed."),
}
"""By name, as ``--help`` lists them."""

CLI_EXTRA = "cli"
"""The extra that every command needs; Flask brings its libraries too."""


def install(*extras: str) -> str:
    """Return the command that installs portalkey with *extras*."""
    return f"pip install 'portalkey[{','.join(extras)}]'"
