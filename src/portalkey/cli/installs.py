"""``portalkey installs``: those that began at HubSpot, and that nobody has claimed yet."""

import json
from pathlib import Path

import click

from portalkey.cli.confirm import confirm
from portalkey.cli.envfile import env_file_option
from portalkey.cli.ids import IdCommand
from portalkey.cli.lines import say
from portalkey.cli.opening import find_operator, open_broker
from portalkey.cli.tables import show_table, utc
from portalkey.model.attempt import Attempt
from portalkey.settings.warnings import ERASED_IN_COPY

_TITLES = ("Install", "Account", "For", "Came", "Ends")
_NONE = "No install waits for anybody's yes."
_UNKNOWN = (
    "No install of this name waits: it was claimed, declined, or is over. `portalkey installs "
    "list` shows those that wait."
)
_DONE_IN_COPY = f"Withdrawn. {ERASED_IN_COPY}"
_DONE = (
    "Withdrawn. HubSpot is told to forget its grant within a minute by any process of the app, or "
    "by `portalkey work --once`."
)


@click.group()
def installs() -> None:
    """See which installs that began at HubSpot wait for a yes, and end one."""


@installs.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
@env_file_option()
def list_(*, as_json: bool, env_file: Path) -> None:
    """List those that wait, the first to end first."""
    with open_broker(env_file, is_reading=True) as broker:
        rows = [_describe(each) for each in broker.pending_installs()]
    if as_json:
        for row in rows:
            click.echo(json.dumps(row))
    elif rows:
        cells = [["" if cell is None else str(cell) for cell in row.values()] for row in rows]
        show_table(_TITLES, cells, whole=("Install",))
    else:
        say(_NONE)


@installs.command(cls=IdCommand)
@click.argument("install")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def withdraw(install: str, *, yes: bool, as_json: bool, env_file: Path) -> None:
    """End this INSTALL; its grant is given back to HubSpot."""
    with open_broker(env_file) as broker:
        attempt = broker.find_own_attempt(install.strip())
        if attempt is None or not attempt.is_pending:
            raise click.ClickException(_UNKNOWN)
        if not yes:
            confirm("Nobody can connect by it any more. Go on?")
        if not broker.withdraw_install(attempt, operator=find_operator(env_file)):
            raise click.ClickException(_UNKNOWN)
    if as_json:
        click.echo(json.dumps({"withdrawn": attempt.id}))
    else:
        say(_DONE_IN_COPY if broker.settings.is_copy else _DONE)


def _describe(attempt: Attempt) -> dict[str, object]:
    return {
        "id": attempt.id,
        "hub_id": attempt.expected_hub_id,
        "owner": attempt.owner or None,
        "came": utc(attempt.claimed_at),
        "ends": utc(attempt.expires_at),
    }
