"""``portalkey connections``: see who is connected, and end it."""

import click

from portalkey.cli.connections.disconnect import disconnect
from portalkey.cli.connections.erase import erase
from portalkey.cli.connections.export import export
from portalkey.cli.connections.list_ import list_
from portalkey.cli.connections.revoke import revoke
from portalkey.cli.connections.show import show


@click.group()
def connections() -> None:
    """See who is connected to which HubSpot account, and end it."""


for command in (list_, show, disconnect, revoke, export, erase):
    connections.add_command(command)
