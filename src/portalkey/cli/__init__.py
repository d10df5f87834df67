"""The command line: ``portalkey COMMAND``."""

import sys

import click

from portalkey.cli.demo import demo
from portalkey.cli.init import init
from portalkey.cli.serve import serve
from portalkey.cli.token import token
from portalkey.errors import PortalkeyError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="portalkey")
def cli() -> None:
    """Connect HubSpot accounts, and keep them working."""


for command in (demo, init, serve, token):
    cli.add_command(command)


def main() -> None:
    """Run a command; what went wrong is said in a sentence, with exit code 1."""
    try:
        cli()
    except PortalkeyError as trouble:
        click.echo(str(trouble), err=True)
        sys.exit(1)
