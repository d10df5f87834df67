"""``portalkey events forget``: a receiver that no process has any more."""

from pathlib import Path

import click

from portalkey.cli.confirm import confirm
from portalkey.cli.envfile import env_file_option
from portalkey.cli.opening import open_broker

_LIVES = (
    "A process had the receiver {name} less than {minutes} minutes ago, and adds it again; end it "
    "first, or take PORTALKEY_WEBHOOK_URL out of its settings."
)
_LIVE_MINUTES = 5


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@env_file_option()
def forget(name: str, *, yes: bool, env_file: Path) -> None:
    """Forget a receiver that no process has any more, and drop all that it is owed.

    One that no process has had for seven days is forgotten by itself.
    """
    with open_broker(env_file, is_reading=True) as broker:
        states = {each.name: each for each in broker.receivers()}
        if name not in states:
            known = ", ".join(states) or "none"
            raise click.ClickException(f"There is no receiver {name!a}; known: {known}.")
        silent = (broker.now() - states[name].had_at).total_seconds()
        if silent < _LIVE_MINUTES * 60:
            raise click.ClickException(_LIVES.format(name=name, minutes=_LIVE_MINUTES))
        waiting = states[name].waiting
        number = waiting.number if waiting else 0
        if not yes:
            confirm(f"Forget the receiver {name}, and drop {number} that it is owed?")
        dropped = broker.forget_receiver(name, silent=_LIVE_MINUTES * 60)
        if dropped is None:  # it has come back while the question stood there
            raise click.ClickException(_LIVES.format(name=name, minutes=_LIVE_MINUTES))
    click.echo(f"Forgotten: {name}; dropped: {dropped}.")
