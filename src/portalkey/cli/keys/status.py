"""``portalkey keys status``: what each key still seals, and who has which."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from portalkey.broker.keys import KeyStatus, KeyUse
from portalkey.cli.envfile import env_file_option
from portalkey.cli.keys.opening import open_broker
from portalkey.cli.keys.table import lines_of


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def status(*, as_json: bool, env_file: Path) -> None:
    """Count what each key still seals.

    And say which process has which. Here is what a key does for this command: the first of
    PORTALKEY_KEYS seals, the others open; of one that is missing, rows bear the label.
    """
    with open_broker(env_file, is_store_said=not as_json) as broker:
        found = broker.keys.status()
    click.echo(json.dumps(_to_json(found)) if as_json else "\n".join(lines_of(found)))


def _to_json(found: KeyStatus) -> Mapping[str, object]:
    return {
        "seals": found.first,
        "keys": [_key_to_json(each) for each in found.keys],
        "processes": [
            {**asdict(each), "lacks": found.find_lacking(each)} for each in found.processes
        ],
    }


def _key_to_json(use: KeyUse) -> Mapping[str, object]:
    count = use.count
    numbers = {name: getattr(count, name) for name in ("connections", "attempts", "outbox")}
    return {"label": use.label, "role": use.role.value, **numbers}
