"""``portalkey links list``: which links there are, and what became of each."""

import json
from pathlib import Path

import click

from portalkey.cli.envfile import env_file_option
from portalkey.cli.opening import open_broker
from portalkey.cli.tables import show_table, utc
from portalkey.model.facts import invitation_facts
from portalkey.model.invitation import Invitation

_TITLES = ("ID", "Owner", "Account", "Status", "Made (UTC)", "Ends (UTC)")
_NONE = "There is no link."


@click.command("list")
@click.option("--owner", help="Only this owner's.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, help="Most to list: 100.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def list_(*, owner: str | None, limit: int, as_json: bool, env_file: Path) -> None:
    """List links, newest first, and what became of each; never a link itself."""
    if owner == "":
        raise click.BadParameter("name an owner, or leave it out.", param_hint="--owner")
    with open_broker(env_file, is_reading=True) as broker:
        found = broker.invitations(owner, limit=limit)
    if as_json:
        click.echo(json.dumps({"links": [invitation_facts(each) for each in found]}))
    elif found:
        rows = [_row(each) for each in found]
        show_table(_TITLES, rows, whole=("ID", "Status"), spare=_TITLES[-2:-1], long=("Owner",))
    else:
        click.echo(_NONE)


def _row(each: Invitation) -> tuple[str, ...]:
    account = str(each.hub_id) if each.hub_id is not None else "any"
    times = utc(each.created_at), utc(each.expires_at)
    return (each.id, each.owner, account, each.status.value, *times)
