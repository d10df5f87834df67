"""``portalkey connections disconnect``: end one connection."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from portalkey.cli.confirm import confirm, confirm_by_typing
from portalkey.cli.connections.finding import find_pages, require_connection
from portalkey.cli.envfile import env_file_option
from portalkey.cli.ids import IdCommand
from portalkey.cli.lines import say
from portalkey.cli.opening import find_operator, open_broker
from portalkey.cli.tables import count_of, printable, utc
from portalkey.errors import NotConnected
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.settings.warnings import ERASED_IN_COPY

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_WHAT = (
    "This ends the connection of {owner} to the HubSpot account {hub_id}{domain}, which was made "
    "on {since} UTC. They have to connect again if they want it back."
)
_DONE = "Disconnected. The tokens are erased here, and HubSpot is told to forget them."
_FOR_ALL = (
    "HubSpot takes this app out of the account {hub_id}, for everybody there: {others} here, and "
    "whatever else uses this app at HubSpot. It cannot be undone: somebody has to install and "
    "connect it again."
)
_UNINSTALLED = "The app is out of the HubSpot account {hub_id}, and disconnected here."
_OWED = (
    "Disconnected. HubSpot cannot be asked just now, so that the app leaves the account {hub_id} "
    "is owed; it will be tried again by the app's own processes and by `portalkey work`. It is "
    "given up where somebody connects the account again before that; `portalkey events` says how "
    "it ends."
)
_TOO_LATE = (
    "This connection is disconnected, and HubSpot wants a token of the account. An uninstall that "
    "is owed is tried again by itself. Otherwise name another connection to it (`portalkey "
    "connections list --hub-id {hub_id}`), or have a Super Admin of "
    "the account uninstall the app in HubSpot, under Connected Apps."
)
_ALREADY = "It was disconnected already; there is nothing to do."


@click.command(cls=IdCommand, short_help="End one connection, or uninstall the app.")
@click.argument("connection_id", metavar="ID")
@click.option(
    "--uninstall", "is_uninstall", is_flag=True, help="Take the app out of the account as well."
)
@click.option("--yes", is_flag=True, help="Ask nothing.")
@env_file_option()
def disconnect(connection_id: str, *, is_uninstall: bool, yes: bool, env_file: Path) -> None:
    """End a connection: its tokens are erased here at once, and revoked at HubSpot.

    What HubSpot does not answer now is told it again later, by every process of the app. With
    --uninstall HubSpot takes the app out of the account, which ends it for everybody there.
    """
    with open_broker(env_file, is_store_said=True) as broker:
        operator = find_operator(env_file)
        connection = require_connection(broker, connection_id)
        if is_uninstall:
            _uninstall(broker, connection, operator, yes=yes)
            return
        if connection.status is not ConnectionStatus.DISCONNECTED and not yes:
            say(_describe(connection), err=True)
            confirm("Disconnect?")
        done = f"Disconnected. {ERASED_IN_COPY}" if broker.settings.is_copy else _DONE
        say(done if _end(broker, connection, operator) else _ALREADY)


def _uninstall(broker: "Broker", connection: Connection, operator: str, *, yes: bool) -> None:
    hub_id = connection.hub_id
    if connection.status is ConnectionStatus.DISCONNECTED:
        raise click.ClickException(_TOO_LATE.format(hub_id=hub_id))
    pages = find_pages(broker, None, hub_id=hub_id)
    owners = {each.owner for page in pages for each in page.connections} - {connection.owner}
    if not yes and not broker.settings.is_copy:  # which takes the app out of no account
        others = count_of(len(owners), "other owner")
        say(_FOR_ALL.format(hub_id=hub_id, others=others), err=True)
        confirm_by_typing(f"uninstall {hub_id}")
    is_owed = broker.uninstall(connection, operator=operator) is None
    say((_OWED if is_owed else _UNINSTALLED).format(hub_id=hub_id))


def _end(broker: "Broker", connection: Connection, operator: str) -> bool:
    try:
        broker.disconnect(connection.owner, connection.id, operator=operator)
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
