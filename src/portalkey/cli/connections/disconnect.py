"""``portalkey connections disconnect``: end one connection."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from portalkey.cli.confirm import confirm
from portalkey.cli.connections.finding import require_connection
from portalkey.cli.envfile import env_file_option
from portalkey.cli.ids import IdCommand
from portalkey.cli.opening import open_broker
from portalkey.cli.tables import printable, utc
from portalkey.errors import NotConnected
from portalkey.model.connection import Connection, ConnectionStatus

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_WHAT = (
    "This ends the connection of {owner} to the HubSpot account {hub_id}{domain}, which was made "
    "on {since} UTC. They have to connect again if they want it back."
)
_DONE = "Disconnected. The tokens are erased here, and HubSpot is told to forget them."
_ALREADY = "It was disconnected already; there is nothing to do."


@click.command(cls=IdCommand)
@click.argument("connection_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@env_file_option()
def disconnect(connection_id: str, *, yes: bool, env_file: Path) -> None:
    """End a connection: its tokens are erased here at once, and revoked at HubSpot.

    What HubSpot does not answer now is told it again later, by every process of the app.
    """
    with open_broker(env_file) as broker:
        connection = require_connection(broker, connection_id)
        if connection.status is not ConnectionStatus.DISCONNECTED and not yes:
            click.echo(_describe(connection), err=True)
            confirm("Disconnect?")
        click.echo(_DONE if _end(broker, connection) else _ALREADY)


def _end(broker: "Broker", connection: Connection) -> bool:
    try:
        broker.disconnect(connection.owner, connection.id)
    except NotConnected:  # somebody else did, maybe at this moment
        return False
    return True


def _describe(connection: Connection) -> str:
    domain = connection.account.hub_domain
    return _WHAT.format(
        owner=printable(connection.owner),
        hub_id=connection.hub_id,
        domain=f" ({printable(domain)})" if domain else "",
        since=utc(connection.connected_at),
    )
