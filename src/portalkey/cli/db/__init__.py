"""``portalkey db``: move, back up and check the store."""

import click

from portalkey.cli.db.backup import backup
from portalkey.cli.db.check import check
from portalkey.cli.db.move import move_to


@click.group()
def db() -> None:
    """Back up, check or move the store."""


for _command in (backup, check, move_to):
    db.add_command(_command)
