"""``portalkey lost-key``: give up what is sealed with a key that is lost for good."""

import json
from pathlib import Path

import click

from portalkey.broker.broker import Broker
from portalkey.cli.envfile import env_file_option
from portalkey.settings.settings import Settings

_NOTHING = "Nothing waits for the key {name}: what it sealed opens here, or there is nothing."
_WARNING = (
    "{connections} connections and {revocations} revocations are sealed with the key {name}, and "
    "no key here opens them. The people who connected will have to connect again, and HubSpot will "
    "not be told to forget the tokens. Bring the key back if anybody still has it."
)
_DONE = "Given up: {connections} connections and {revocations} revocations."


@click.command()
@click.argument("label")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def lost_key(label: str, *, yes: bool, as_json: bool, env_file: Path) -> None:
    """Give up what is sealed with a key that is lost for good.

    It says what bears the key's LABEL and does not open here, and asks first. What opens is left.
    """
    broker = Broker.of(Settings.from_env(env_file), are_keys_checked=False)
    try:
        lost = broker.lost_key(label)
        count = lost.count()
        numbers = {"connections": count.connections, "revocations": count.revocations}
        if any(numbers.values()) and not yes:
            click.echo(_WARNING.format(name=label, **numbers), err=True)
            click.confirm("Give them up?", abort=True, err=True)
        lost.give_up()
        sentence = _DONE.format(**numbers) if any(numbers.values()) else _NOTHING.format(name=label)
        click.echo(json.dumps(numbers) if as_json else sentence)
    finally:
        broker.close()
