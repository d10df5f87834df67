"""``portalkey attempts``: what became of people's tries at connecting."""

import click

from portalkey.cli.attempts.list_ import list_
from portalkey.cli.attempts.show import show


@click.group()
def attempts() -> None:
    """See what became of somebody's try at connecting."""


for command in (list_, show):
    attempts.add_command(command)
