"""``portalkey journal``: HubSpot's webhooks journal, from which uninstalls are read."""

import click

from portalkey.cli.journal.setup import setup
from portalkey.cli.journal.status import status


@click.group()
def journal() -> None:
    """Read from HubSpot who uninstalled the app: set it up, and see how far it was read."""


for command in (setup, status):
    journal.add_command(command)
