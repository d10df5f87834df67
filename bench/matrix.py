"""Everybody of every team at everybody else's attempts and connections, time and again.

``python -m bench.matrix --n 20``: so many whole matrices, each of new visitors in a new store;
those that are there already are not run again.
"""

import logging
import secrets
import tempfile
from collections import Counter
from contextlib import closing
from typing import TypedDict

import click

from bench.blocks import total
from bench.stage import Record, bar, settings_for
from portalkey.broker import Broker
from portalkey_simulator import App, running_hubspot
from security.matrix import EVERYBODY, ROOM, Place, try_all

PAGE = "http://localhost:6001"


class Block(TypedDict):
    """What one matrix came to: how many cells each route had, and those that gave something."""

    tried: dict[str, int]
    gave: list[str]


def block() -> Block:
    """Try one whole matrix."""
    app = App("client-of-the-figures", secrets.token_hex(16), (f"{PAGE}/auth/hubspot/callback",))
    with (
        tempfile.TemporaryDirectory(prefix="figures-") as folder,
        running_hubspot(apps=[app]) as hubspot,
    ):
        settings = settings_for(app, hubspot, PAGE, f"sqlite:///{folder}/portalkey.db")
        with closing(Broker.of(settings.model_copy(update=ROOM))) as broker:
            place = Place(broker, hubspot)
            visits = place.visits(EVERYBODY)
            before = place.state(visits)
            found = try_all(place, visits)
            after = place.state(visits)
            pairs = zip(before, after, strict=True)
            changed = [f"changed: {was} -> {now}" for was, now in pairs if was != now]
    return Block(tried=found.tried, gave=[*found.gave, *changed])


@click.command()
@click.option("--n", type=int, default=20, show_default=True, help="How many matrices.")
def main(n: int) -> None:
    """Count the cells off the diagonal that gave anything."""
    # Each refusal is a line of the app's log, and there are thousands.
    logging.disable(logging.CRITICAL)
    record = Record("matrix")
    there = len(record.blocks())
    with bar() as progress:
        task = progress.add_task("matrix", total=n, completed=min(there, n))
        for _ in range(there, n):
            record.add(block())
            progress.advance(task)
    blocks = record.blocks()
    gave = [text for each in blocks for text in each["gave"]]
    tried: Counter[str] = total(blocks, "tried")
    facts = {"cells off the diagonal": tried.total(), "by route": dict(tried), "gave": gave[:20]}
    record.conclude(asked=n, done=len(blocks), bad=len(gave), seed="none", facts=facts)
    click.echo(f"{tried.total()} cells, {len(gave)} gave something")


if __name__ == "__main__":
    main()
