"""``portalkey links withdraw``: end a link."""

import json
from pathlib import Path

import click

from portalkey.cli.envfile import env_file_option
from portalkey.cli.ids import IdCommand
from portalkey.cli.opening import find_operator, open_broker

_DONE = "Withdrawn. Whoever is on the way by it connects nothing."
_OVER = "The link has ended already ({status}); there is nothing to do."
_UNKNOWN = "There is no link of this id; `portalkey links list` has those that there are."


@click.command(cls=IdCommand)
@click.argument("link_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def withdraw(link_id: str, *, as_json: bool, env_file: Path) -> None:
    """End a link, by the ID that the list has; nothing is connected by it any more."""
    with open_broker(env_file) as broker:
        is_withdrawn = broker.withdraw(link_id, operator=find_operator(env_file))
        found = broker.find_invitation(link_id)
    if found is None:
        raise click.ClickException(_UNKNOWN)
    if as_json:
        click.echo(json.dumps({"withdrawn": is_withdrawn, "status": found.status.value}))
    else:
        click.echo(_DONE if is_withdrawn else _OVER.format(status=found.status.value))
