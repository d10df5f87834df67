"""Everybody of every team at everybody else's attempts and connections, time and again.

``python -m bench.matrix --n 20``: so many whole matrices over each skin, each of new visitors in a
new store; those that are there already are not run again. ``--skin django`` tries one skin alone,
and ``--part`` one visitor and whoever differs from them in one coordinate, as the tests do.
"""

import logging
import secrets
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Any, TypedDict

import click

from bench.blocks import total
from bench.stage import Record, bar, settings_for
from portalkey.broker import Broker
from portalkey_simulator import App, running_hubspot
from security.browsers import APPS
from security.matrix import EVERYBODY, NEIGHBOURS, ROOM, Place, Who, try_all

PAGE = "http://localhost:6001"


class Block(TypedDict):
    """What one matrix came to: how many cells each route had, and those that gave something."""

    skin: str
    visitors: int
    tried: dict[str, int]
    gave: list[str]


def run_block(skin: str, who: Sequence[Who]) -> Block:
    """Try one matrix of these visitors over one skin."""
    app = App("client-of-the-figures", secrets.token_hex(16), (f"{PAGE}/auth/hubspot/callback",))
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="figures-"))
        hubspot = stack.enter_context(running_hubspot(apps=[app]))
        settings = settings_for(app, hubspot, PAGE, f"sqlite:///{folder}/portalkey.db")
        broker = stack.enter_context(closing(Broker.of(settings.model_copy(update=ROOM))))
        place = Place(broker, hubspot, skin)
        stack.callback(place.app.close)
        visits = place.visits(who)
        before = place.state(visits)
        found = try_all(place, visits)
        after = place.state(visits)
    pairs = zip(before, after, strict=True)
    changed = [f"changed: {was} -> {now}" for was, now in pairs if was != now]
    return Block(skin=skin, visitors=len(who), tried=found.tried, gave=[*found.gave, *changed])


def missing(
    blocks: Sequence[Mapping[str, Any]], skins: Sequence[str], n: int, visitors: int
) -> list[str]:
    """Return the skin of each matrix that is not there yet."""
    there = Counter(each["skin"] for each in blocks if each["visitors"] == visitors)
    return [skin for skin in skins for _ in range(there[skin], n)]


@click.command()
@click.option("--n", type=int, default=20, show_default=True, help="How many matrices of each.")
@click.option("--skin", type=click.Choice(list(APPS)), help="One skin; all of them by default.")
@click.option("--part", is_flag=True, help="Four visitors in place of eight; no figure is written.")
def main(n: int, skin: str | None, *, part: bool) -> None:
    """Count the cells off the diagonal that gave anything."""
    # Each refusal is a line of the app's log, and there are thousands.
    logging.disable(logging.CRITICAL)
    skins, who = [skin] if skin else list(APPS), NEIGHBOURS if part else EVERYBODY
    record = Record("matrix")
    blocks: list[Mapping[str, Any]] = [] if part else list(record.blocks())
    with bar() as progress:
        for each in progress.track(missing(blocks, skins, n, len(who)), description="matrix"):
            block = run_block(each, who)
            blocks.append(block)
            if not part:
                record.add(block)
    conclude(None if part else record, [each for each in blocks if each["skin"] in skins], n)


def conclude(record: Record | None, blocks: Sequence[Mapping[str, Any]], n: int) -> None:
    """Say what they came to, and write the figure where there is to be one."""
    gave = [f"{each['skin']}: {text}" for each in blocks for text in each["gave"]]
    tried: Counter[str] = total(blocks, "tried")
    by_skin = Counter[str]()
    for each in blocks:
        by_skin[each["skin"]] += sum(each["tried"].values())
    if record is not None:
        facts = {
            "cells off the diagonal": tried.total(),
            "by skin": dict(by_skin),
            "by route": dict(tried),
            "gave": gave[:20],
        }
        asked = n * len(by_skin)
        record.conclude(asked=asked, done=len(blocks), bad=len(gave), seed="none", facts=facts)
    click.echo(f"{tried.total()} cells {dict(by_skin)}, {len(gave)} gave something")
    for text in gave[:20]:
        click.echo(text)


if __name__ == "__main__":
    main()
