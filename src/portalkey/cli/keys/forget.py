"""``portalkey keys forget``: give up what is sealed with a key that is lost for good."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from portalkey.cli.confirm import confirm_by_typing
from portalkey.cli.envfile import env_file_option
from portalkey.cli.ids import IdCommand
from portalkey.cli.keys.opening import label_argument, open_broker
from portalkey.cli.lines import say
from portalkey.cli.opening import find_operator
from portalkey.cli.tables import count_of

_NOTHING = "Nothing waits for the key {label}: what it sealed opens here, or there is nothing."
_UNKNOWN = "There is no key {label}, and nothing bears it; `portalkey keys status` lists the keys."
_WARNING = (
    "Sealed with the key {label}, and opened by no key here: {connections} and {revocations}. The "
    "people who connected will have to connect again, and HubSpot will not be told to forget the "
    "tokens. What is sealed is erased. Bring the key back if anybody still has it."
)
_DONE = "Given up: {connections} and {revocations}."


@click.command(cls=IdCommand)
@label_argument
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def forget(label: str, *, yes: bool, as_json: bool, env_file: Path) -> None:
    """Give up what is sealed with a key that is lost for good.

    It says what bears the key's LABEL and does not open here, and has the label typed first. What
    opens is left.
    """
    with open_broker(env_file, is_store_said=not as_json) as broker:
        if not broker.keys.is_known(label):
            raise click.ClickException(_UNKNOWN.format(label=label))
        lost = broker.keys.find_lost(label, operator=find_operator(env_file))
        count = lost.count()
        numbers = {"connections": count.connections, "revocations": count.revocations}
        if any(numbers.values()) and not yes:
            say(_fill_in(_WARNING, label, numbers), err=True)
            confirm_by_typing(label)
        given_up = lost.give_up()
    numbers = {"connections": given_up.connections, "revocations": given_up.revocations}
    sentence = _DONE if any(numbers.values()) else _NOTHING
    if as_json:
        click.echo(json.dumps(numbers))
    else:
        say(_fill_in(sentence, label, numbers))


def _fill_in(sentence: str, label: str, numbers: Mapping[str, int]) -> str:
    counts = {name: count_of(number, name.removesuffix("s")) for name, number in numbers.items()}
    return sentence.format(label=label, **counts)
