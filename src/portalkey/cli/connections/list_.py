"""``portalkey connections list``: who is connected to what."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Unpack

import click

from portalkey.cli.connections.finding import find_pages
from portalkey.cli.envfile import env_file_option
from portalkey.cli.opening import open_broker
from portalkey.cli.tables import show_table, utc
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.facts import connection_facts
from portalkey.model.search import ConnectionPage, Narrowing

_SHOWN = 50
_TITLES = ("ID", "Owner", "Account", "Domain", "Status", "Since (UTC)")
_NONE = "No connection was found."
_MORE = "There are more. Narrow the search, or ask for more with --limit."


@click.command("list")
@click.option("--owner", help="Only this owner's.")
@click.option("--hub-id", type=int, help="Only those to this HubSpot account.")
@click.option("--domain", help="Only those whose account has this domain.")
@click.option(
    "--status",
    type=click.Choice([status.value for status in ConnectionStatus]),
    help="Only those of this status; without it, all but the disconnected.",
)
@click.option("--key", help="Only those that are sealed with the key of this label.")
@click.option(
    "--limit", type=click.IntRange(1), help=f"Most to list: {_SHOWN}, or with --json all of them."
)
@click.option("--cursor", help="Go on behind a list of --json, which names its cursor.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def list_(
    *,
    limit: int | None,
    cursor: str | None,
    as_json: bool,
    env_file: Path,
    **named: Unpack[Narrowing],
) -> None:
    """List the connections, of all owners, or only some.

    Who is connected to portal 4410001? portalkey connections list --hub-id 4410001
    """
    if named.get("owner") == "":
        raise click.BadParameter("name an owner, or leave it out.", param_hint="--owner")
    with open_broker(env_file, is_reading=True, is_store_said=not as_json) as broker:
        try:
            if as_json:
                _write_json(find_pages(broker, limit, cursor, **named))
            else:
                _show(list(find_pages(broker, limit or _SHOWN, cursor, **named)))
        except ValueError as wrong:
            raise click.UsageError(str(wrong)) from None


def _write_json(pages: Iterator[ConnectionPage]) -> None:
    # As they come: there may be a million.
    separator, cursor = '{"connections": [\n', None
    for page in pages:
        cursor = page.cursor
        for connection in page.connections:
            click.echo(separator + json.dumps(connection_facts(connection)), nl=False)
            separator = ",\n"
    begin = '{"connections": [' if separator != ",\n" else ""
    click.echo(f'{begin}], "cursor": {json.dumps(cursor)}}}')


def _show(pages: list[ConnectionPage]) -> None:
    rows = [_row(connection) for page in pages for connection in page.connections]
    if rows:
        whole = ("ID", "Account", "Status", "Since (UTC)")
        show_table(
            _TITLES, rows, whole=whole, spare=("Since (UTC)", "Domain"), long=("Owner", "Domain")
        )
    else:
        click.echo(_NONE)
    if pages[-1].cursor is not None:
        click.echo(_MORE, err=True)


def _row(connection: Connection) -> tuple[str, ...]:
    return (
        connection.id,
        connection.owner,
        str(connection.hub_id),
        connection.account.hub_domain or "",
        connection.status.value,
        utc(connection.updated_at)[:10],
    )
