"""``portalkey links``: links by which somebody without a login connects an account."""

import click

from portalkey.cli.links.create import create
from portalkey.cli.links.list_ import list_
from portalkey.cli.links.withdraw import withdraw


@click.group()
def links() -> None:
    """Let somebody without a login connect an account: make links, end them."""


for command in (list_, create, withdraw):
    links.add_command(command)
