"""Table of commands, and of what each needs beside a base install. Imports no library."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class About(NamedTuple):
    """A command in one line, and the extras that bring its libraries."""

    summary: str
    extras: tuple[str, ...] = ()


class Host(NamedTuple):
    """Another program, within which the command line runs."""

    program: str
    """Name of the whole command there."""
    env_file: Path
    """Its file of settings, where ``--env-file`` names no other."""


COMMANDS: Mapping[str, About] = {
    "attempts": About("See what became of somebody's try at connecting."),
    "connect": About(
        "Connect a HubSpot account in the browser, and keep it for scripts of this machine.",
        ("server",),
    ),
    "connections": About("See who is connected to which HubSpot account, and end it."),
    "db": About("Back up, check or move the store."),
    "demo": About(
        "Run the app with a simulated HubSpot beside it; no HubSpot account is needed.",
        ("server", "simulator"),
    ),
    "doctor": About("Look at settings, store, HubSpot and project, and say what has to be done."),
    "events": About("Show the audit: what people did, and what became of connections."),
    "import": About(
        "Bring over the connections that another library kept, so that nobody has to connect again."
    ),
    "init": About("Write a commented settings file with a fresh key."),
    "installs": About("See which installs that began at HubSpot wait for a yes, and end one."),
    "journal": About(
        "Read from HubSpot who uninstalled the app: set it up, and see how far it was read."
    ),
    "keys": About("Add, rotate and retire the keys that seal the tokens."),
    "links": About("Let somebody without a login connect an account: make links, end them."),
    "serve": About(
        "Run the app against HubSpot; by default each visitor's session is an owner of its own.",
        ("server",),
    ),
    "simulate": About(
        "Run a local HubSpot: consent pages, OAuth, account data, faults on demand.",
        ("simulator",),
    ),
    "token": About("Print a valid access token of OWNER's connection."),
    "work": About("Tell HubSpot and your app what they are owed, and look after idle connections."),
}
"""By name, as ``--help`` lists them."""

CLI_EXTRA = "cli"
"""The extra that every command needs; Flask brings its libraries too."""


def install(*extras: str) -> str:
    """Return the command that installs portalkey with *extras*."""
    return f"pip install 'portalkey[{','.join(extras)}]'"
