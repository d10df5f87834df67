"""``portalkey token``: print a valid access token, for scripts."""

from pathlib import Path

import click

from portalkey.broker.broker import Broker
from portalkey.cli.envfile import DEMO_FILE, default_data, env_file_option
from portalkey.errors import BadSettings
from portalkey.settings.settings import Settings


@click.command()
@click.argument("owner")
@click.option("--hub-id", type=int, help="Which account, where several are connected.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The demo's folder; without it, settings come from the environment and --env-file.",
)
@click.option("--demo", is_flag=True, help="The same, where the demo chose its folder.")
@env_file_option()
def token(owner: str, hub_id: int | None, data: Path | None, *, demo: bool, env_file: Path) -> None:
    """Print a valid access token of OWNER's connection.

    It opens the whole connected account to whoever reads it, until it expires.
    """
    if not owner.strip():
        raise click.BadParameter(
            "it is empty; write the id that the app's owner() returns for who is connected.",
            param_hint="OWNER",
        )
    broker = Broker.of(_settings(default_data() if demo else data, env_file))
    try:
        click.echo(broker.access_token(owner, hub_id))
    finally:
        broker.close()


def _settings(data: Path | None, env_file: Path) -> Settings:
    if data is None:
        return Settings.from_env(env_file)
    of_demo = data / DEMO_FILE
    if not of_demo.exists():
        raise BadSettings([f"There is no demo in {data}; start one with `portalkey demo`."])
    return Settings.from_env(of_demo, environ={})
