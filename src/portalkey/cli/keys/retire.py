"""``portalkey keys retire``: say whether anything still needs a key."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from portalkey.broker.keys import Retirement
from portalkey.cli.envfile import env_file_option
from portalkey.cli.ids import IdCommand
from portalkey.cli.keys.opening import label_argument, open_broker
from portalkey.cli.keys.table import SESSIONS
from portalkey.cli.lines import say
from portalkey.cli.opening import describe_store
from portalkey.settings.warnings import name_ring, name_store

_UNKNOWN = "There is no key {label}, and nothing bears it; `portalkey keys status` lists the keys."
_FIRST = "{label} is the first key of {ring}, which seals; move another to the front first."
_ROWS = (
    "{label} is still needed. It seals connections: {connections}, attempts under way: {attempts}, "
    "outbox: {outbox}."
)
_ROTATE = "Run `portalkey keys rotate` first."
_SEALING = "{process} still seals with {label}; put the new key first there, and restart it."
_MAY_GO = (
    "Nothing in {place} bears {label} any more. Take it out of {ring} in every process, "
    "and keep a copy for as long as the oldest backup that you would restore."
)


@click.command(cls=IdCommand)
@label_argument
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def retire(label: str, *, as_json: bool, env_file: Path) -> None:
    """Say whether the key LABEL may be taken away.

    Ends with exit code 1 while anything needs it.
    """
    with open_broker(env_file) as broker:
        found, place = broker.keys.retire(label), name_store(broker.settings)
        ring, store = name_ring(broker.settings), describe_store(broker.settings)
    if as_json:
        click.echo(json.dumps(_to_json(found)))
    elif found.may_go:
        say(_MAY_GO.format(label=label, place=place, ring=ring))
        if found.has_sessions:
            say(SESSIONS)
    else:
        say("\n".join((store, *_obstacles(found, ring))), err=True)
    if not found.may_go:
        click.get_current_context().exit(1)


def _obstacles(found: Retirement, ring: str) -> Iterator[str]:
    count, label = found.count, found.label
    if not found.is_known:
        yield _UNKNOWN.format(label=label)
    if found.is_first:
        yield _FIRST.format(label=label, ring=ring)
    if count.rows:
        numbers = {name: getattr(count, name) for name in ("connections", "attempts", "outbox")}
        yield _ROWS.format(label=label, **numbers)
        yield from (f"  {row}" for row in found.rows)
        if not found.is_first:  # that would bring nothing over
            yield _ROTATE
    for process in found.sealing:
        yield _SEALING.format(process=process.name, label=label)


def _to_json(found: Retirement) -> dict[str, object]:
    count = found.count
    return {
        "label": found.label,
        "may_go": found.may_go,
        "is_known": found.is_known,
        "seals": found.is_first,
        "connections": count.connections,
        "attempts": count.attempts,
        "outbox": count.outbox,
        "rows": list(found.rows),
        "sealing": [each.name for each in found.sealing],
    }
