"""``portalkey keys``: what an operator does about the keys that seal the tokens."""

from copy import copy

import click

from portalkey.cli.keys.add import add
from portalkey.cli.keys.forget import forget
from portalkey.cli.keys.retire import retire
from portalkey.cli.keys.rotate import rotate
from portalkey.cli.keys.status import status


@click.group()
def keys() -> None:
    """Add, rotate and retire the keys that seal the tokens."""


for command in (add, status, rotate, retire, forget):
    keys.add_command(command)
# Which one tries first, from the other groups.
same = copy(status)
same.short_help = "The same as keys status."
keys.add_command(same, "list")
