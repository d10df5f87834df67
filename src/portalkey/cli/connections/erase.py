"""``portalkey connections erase``: forget an owner for good."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portalkey.cli.confirm import confirm_by_typing
from portalkey.cli.connections.owner_option import owner_option
from portalkey.cli.envfile import env_file_option
from portalkey.cli.lines import say
from portalkey.cli.opening import find_operator, open_broker
from portalkey.cli.tables import count_of, printable
from portalkey.settings.warnings import ERASED_IN_COPY, store_file

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_WHAT = (
    "This ends the connections of {owner}, and erases all that is kept of them: {counts}. It "
    "cannot be undone; `portalkey connections export` shows it first."
)
_DONE = "Erased: {counts}. Look after the logs and the backups, too, which portalkey cannot reach."
_IN_POSTGRESQL = " In PostgreSQL their bytes lie on the disk until VACUUM FULL."
_NOTHING = "Nothing is kept of this owner."
_KINDS = ("connection", "attempt", "event")


@click.command()
@owner_option("Whose; as the app calls them.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def erase(owner: str, *, yes: bool, as_json: bool, env_file: Path) -> None:
    """Erase all that is kept of an owner, for good.

    Their tokens are unusable at once, and HubSpot is told to forget them. A SQLite file is written
    anew, which takes a moment where it is large.
    """
    with open_broker(env_file, is_store_said=not as_json) as broker:
        operator, numbers = find_operator(env_file), _count(broker, owner)
        counts = ", ".join(count_of(number, kind) for kind, number in numbers.items())
        is_known = any(numbers.values())
        if is_known and not yes:
            say(_WHAT.format(owner=printable(owner), counts=counts), err=True)
            confirm_by_typing(f"erase {owner}")
        # Where nothing is kept, too: an earlier run may have been cut off before its end.
        broker.erase(owner, operator=operator)
        told = f" {ERASED_IN_COPY}" if broker.settings.is_copy else ""
        done = _DONE + told + (_IN_POSTGRESQL if store_file(broker.settings) is None else "")
    if as_json:
        click.echo(json.dumps({f"{kind}s": number for kind, number in numbers.items()}))
    else:
        say(done.format(counts=counts) if is_known else _NOTHING)


def _count(broker: "Broker", owner: str) -> dict[str, int]:
    kept = broker.export(owner)
    return {kind: len(kept[f"{kind}s"]) for kind in _KINDS}
