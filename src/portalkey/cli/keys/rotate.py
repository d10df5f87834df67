"""``portalkey keys rotate``: seal every row anew with the first key, while the app runs."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from portalkey.broker.keys import SHOWN
from portalkey.cli.envfile import env_file_option
from portalkey.cli.keys.opening import open_broker
from portalkey.cli.lines import say
from portalkey.cli.opening import find_operator
from portalkey.cli.terminal import bars
from portalkey.settings.warnings import name_ring
from portalkey.vault.rotate import Rotated

_DONE = "Rows sealed anew with {key}: {rows:,}, in {seconds:.1f} s"
_RATED_SECONDS = 1.0
_NOTHING = "All is sealed with {key}; there was nothing to do."
_OTHERS = (
    "All is sealed with {key}, the first key of {ring} here; there was nothing to do. Keys behind "
    "it only open, and nothing was sealed anew with them: {others}.\n"
    "Is one of these the new key? Put it first in {ring} of every process, restart them, and run "
    "`portalkey keys rotate` again; `portalkey keys status` shows which key seals. Of an old one "
    "`portalkey keys retire LABEL` says whether it may go."
)
_BUSY = "Rows that others kept until the end: {busy}; run this again."
_CLOSED = "Rows that are damaged, as the key that they name does not open them: {number} ({rows})."
_MISSING = (
    "The key {label} is not here, and seals rows: {rows}. Put it back into PORTALKEY_KEYS and run "
    "this again, or see `portalkey keys forget {label}`."
)


@click.command()
@click.option("--force", "is_forced", is_flag=True, help="Even where a process lacks the key.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
@env_file_option()
def rotate(*, is_forced: bool, as_json: bool, env_file: Path) -> None:
    """Seal every row anew with the first key.

    With the first of PORTALKEY_KEYS, that is, while the app runs. HubSpot is not asked. A row that
    is being renewed is come back to. Run it again after it was cut off: it goes on where it was.
    """
    operator = find_operator(env_file)
    with (
        open_broker(env_file, is_store_said=not as_json) as broker,
        _showing(as_json=as_json) as report,
    ):
        key, *others = (each.name for each in broker.settings.keys)
        ring = name_ring(broker.settings)
        rotated = broker.keys.rotate(report, is_forced=is_forced, operator=operator)
    if as_json:
        click.echo(json.dumps(_to_json(rotated, key)))
    else:
        say(_to_text(rotated, key, others, ring))
    if not rotated.is_whole:
        say("\n".join(_describe_left(rotated)), err=True)
        click.get_current_context().exit(1)


@contextmanager
def _showing(*, as_json: bool) -> Iterator[Callable[[int, int], object]]:
    if as_json:
        yield lambda done, total: click.echo(json.dumps({"done": done, "total": total}))
        return
    with bars() as show:
        yield lambda done, total: show("Sealing anew", done, total)


def _to_json(rotated: Rotated, key: str) -> dict[str, object]:
    return {
        "key": key,
        "rotated": {kind: rotated.done[kind] for kind in ("connections", "attempts", "outbox")},
        "busy": rotated.busy,
        "closed": list(rotated.closed),
        "missing": {label: count.rows for label, count in rotated.missing.items()},
        "seconds": round(rotated.seconds, 3),
    }


def _to_text(rotated: Rotated, key: str, others: Sequence[str], ring: str) -> str:
    if not rotated.rows:
        if not rotated.is_whole:
            return "Nothing could be sealed anew."
        # Whether another one is the new key or the old, nobody here can tell.
        sentences = _OTHERS if others else _NOTHING
        return sentences.format(key=key, ring=ring, others=", ".join(others))
    done = _DONE.format(rows=rotated.rows, key=key, seconds=rotated.seconds)
    if rotated.seconds < _RATED_SECONDS:  # a rate of a few rows says nothing
        return f"{done}."
    return f"{done} ({rotated.rows / rotated.seconds:,.0f} a second)."


def _describe_left(rotated: Rotated) -> Iterator[str]:
    if rotated.busy:
        yield _BUSY.format(busy=rotated.busy)
    if rotated.closed:
        named = ", ".join(rotated.closed[:SHOWN])
        yield _CLOSED.format(number=len(rotated.closed), rows=named)
    for label, count in rotated.missing.items():
        yield _MISSING.format(rows=count.rows, label=label)
