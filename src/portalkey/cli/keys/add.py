"""``portalkey keys add``: print a new key, and the order of steps that puts it to use."""

import json
from datetime import date
from pathlib import Path

import click

from portalkey.cli.envfile import env_file_option
from portalkey.cli.hints import respell, spell
from portalkey.cli.keys.opening import open_broker
from portalkey.settings.warnings import name_ring
from portalkey.vault.keyring import new_key

_STEPS = """\

1. Keep a copy of it in a safe place, away from the database's backups.
2. Append it to {place}, last, in every process, and restart them.
   It only opens there:
     {name}{ring},{label}:...
3. When `portalkey keys status` shows it everywhere, move it to the front, and
   restart again. It seals from then on:
     {name}{label}:...,{ring}
4. {rotate}
5. {retire}"""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def add(*, as_json: bool, env_file: Path) -> None:
    """Print a new key, and how it is put to use.

    Nothing is written anywhere. The key goes to stdout, and what to do with it to stderr.
    """
    with open_broker(env_file) as broker:
        label = broker.keys.new_label(date.today())  # noqa: DTZ011 - the operator's own day
        labels = [each.label for each in broker.keys.status().keys]
        ring = [each.name for each in broker.settings.keys]
        place = name_ring(broker.settings)
    key = new_key().get_secret_value()
    if as_json:
        click.echo(json.dumps({"label": label, "key": key}))
        return
    click.echo(f"{label}:{key}")
    steps = _STEPS.format(
        label=label,
        place=place,
        name="PORTALKEY_KEYS=" if place == "PORTALKEY_KEYS" else "",
        ring=",".join(f"{each}:..." for each in ring),
        rotate=spell("keys rotate"),
        retire=spell(f"keys retire {ring[0]}"),
    )
    click.echo(respell(steps), err=True)
    if lacking := [each for each in labels if each not in ring]:
        click.echo(f"\nRows bear keys that are not here: {', '.join(lacking)}.", err=True)
