"""Lines that the demo prints at its start: what runs where, on 80 columns."""

import sys
from pathlib import Path
from shlex import quote

import click

from portalkey.cli.envfile import default_data
from portalkey.cli.server.owners import names_of_demo
from portalkey.cli.terminal import bold, panel
from portalkey.settings.settings import Settings

_STORE_LINES = {
    "file": "Connections are kept in connections.json, in the data folder: look into it.",
    "session": "Connections are kept in your browser's session, sealed, and go with it.",
}


def greet(settings: Settings, data: Path, store: str) -> None:
    """Print where app, HubSpot and console are, and how a shell gets a token."""
    url = settings.public_url
    lines = (
        f"Open     {bold(url)}  and follow the page: it takes a minute.",
        f"HubSpot  {settings.app_url}  is simulated; its control room is there.",
        f"Console  {url}/console  is the operator's; step 5 opens it.",
    )
    panel("portalkey demo", lines)
    # Outside of the panel, which would wrap lines that people copy.
    if store in _STORE_LINES:
        click.echo(_STORE_LINES[store])
    if store != "session":
        click.echo(f"A token: {_python()} -m portalkey token {_token_arguments(data)}")
    click.echo("Ctrl-C ends it.")


def _token_arguments(data: Path) -> str:
    ada = next(iter(names_of_demo()))
    return f"{ada} --demo" if data == default_data() else f"{ada} --data {quote(str(data))}"


def _python() -> str:
    """Return the path of this Python, relative where it is below the current folder."""
    python, here = Path(sys.executable), Path.cwd()
    return str(python.relative_to(here) if python.is_relative_to(here) else python)
