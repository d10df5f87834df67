"""``portalkey serve``: the standalone app against real HubSpot."""

import os
from contextlib import ExitStack, closing
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import click

from portalkey.broker.broker import Broker
from portalkey.cli.envfile import PORT, env_file_option
from portalkey.cli.server.app import create_logged_app
from portalkey.cli.server.console import open_by_link
from portalkey.cli.server.health import create_metrics_app
from portalkey.cli.server.listen import Listener
from portalkey.cli.server.logs import set_up_logs
from portalkey.cli.until import until_interrupted
from portalkey.settings.settings import Settings
from portalkey.settings.standalone import StandaloneSettings
from portalkey.web.console.extension import PATH


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=PORT, help="Port to listen on; the public URL's by default, or 6001.")
@click.option(
    "--metrics-port",
    type=PORT,
    help="Port for /metrics alone, on the same address; on the app's own there is none then.",
)
@click.option("--owner", help="The one owner of everything, for a tool of one person.")
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), help="Form of the log; text by default."
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="The least that is logged; info by default.",
)
@env_file_option()
def serve(
    host: str, port: int | None, metrics_port: int | None, env_file: Path, **said: str | None
) -> None:
    """Run the app against HubSpot; by default each visitor's session is an owner of its own."""
    settings_said = {f"PORTALKEY_{name.upper()}": value for name, value in said.items() if value}
    environ = {**os.environ, **settings_said}
    standalone = StandaloneSettings.from_env(env_file, environ)
    set_up_logs(standalone.log_format, standalone.log_level)
    broker = Broker.of(Settings.from_env(env_file, environ), env_file)
    console, link = None, ""
    if standalone.console_password is None:
        console, link = open_by_link(broker)
    is_apart = metrics_port is not None
    shown = replace(standalone, metrics_token=None) if is_apart else standalone
    app = create_logged_app(broker, shown, console)
    for warning in warn_of_outsiders(host):
        click.echo(f"Warning: {warning}", err=True)
    settings = broker.settings
    port = port or urlsplit(settings.public_url).port or 6001
    with ExitStack() as stack:
        stack.enter_context(closing(broker))
        listener = stack.enter_context(Listener(app, broker, host=host, port=port))
        if metrics_port is not None:
            metrics = create_metrics_app(broker, standalone.metrics_token)
            stack.enter_context(
                Listener(metrics, broker, host=host, port=metrics_port, housekeeping_seconds=None)
            )
            click.echo(f"Metrics are at http://{host}:{metrics_port}/metrics.")
        address = f"{settings.public_url}{settings.mount}"
        click.echo(f"Listening on {host}:{listener.port}. Open {address}")
        click.echo(f"Console: {link or f'{address}{PATH}'}")
        click.echo("Press Ctrl-C to stop.")
        until_interrupted()


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
