"""``portalkey serve``: the standalone app against real HubSpot."""

from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import click

from portalkey.broker.broker import Broker
from portalkey.cli.envfile import PORT, env_file_option
from portalkey.cli.server import Listener, create_app
from portalkey.cli.until import until_interrupted
from portalkey.settings.settings import Settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=PORT, help="Port to listen on; the public URL's by default, or 6001.")
@env_file_option()
def serve(host: str, port: int | None, env_file: Path) -> None:
    """Run the app against HubSpot, with one owner per visitor's session."""
    settings = Settings.from_env(env_file)
    for warning in warn_of_outsiders(host):
        click.echo(f"Warning: {warning}", err=True)
    broker = Broker.of(settings, env_file)
    port = port or urlsplit(settings.public_url).port or 6001
    with Listener(create_app(broker), broker, host=host, port=port) as listener:
        click.echo(f"Listening on {host}:{listener.port}. Open {settings.public_url}")
        click.echo("Press Ctrl-C to stop.")
        until_interrupted()
    broker.close()


def warn_of_outsiders(host: str) -> list[str]:
    """Return a warning where others than this machine reach *host*; else nothing."""
    try:
        is_local = ip_address(host).is_loopback
    except ValueError:
        is_local = host == "localhost"
    if is_local:
        return []
    what = (
        f"Other machines can reach {host}. This server is not meant to face the internet by itself"
    )
    return [f"{what}: put a proxy with https, such as nginx or Caddy, in front of it."]
