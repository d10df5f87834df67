"""``portalkey connections export``: all that is kept of an owner."""

import json
from pathlib import Path

import click

from portalkey.cli.connections.owner_option import owner_option
from portalkey.cli.envfile import env_file_option
from portalkey.cli.opening import open_broker


@click.command(short_help="Print all that is kept of an owner, as JSON.")
@owner_option("Whose; as the app calls them.")
@env_file_option()
def export(owner: str, *, env_file: Path) -> None:
    """Print all that is kept of an owner, as JSON and without any secret.

    For whoever asks what is kept of them: connections, attempts, events and counts.
    """
    with open_broker(env_file, is_reading=True) as broker:
        kept = broker.export(owner)
    click.echo(json.dumps(kept, indent=2, ensure_ascii=False))
