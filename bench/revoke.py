"""All connections revoked, at length: many rows, and ``kill -9`` in between.

``python -m bench.revoke --n 20``: so many kills on each database, while 10,000 are revoked.
"""

import random
import secrets
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, TypedDict

import click

from bench.stage import STORES, Record, Stage, kill_on_each, stage_on
from processes.revoking import (
    Left,
    Progress,
    count_alive,
    fill,
    kill_revoke,
    revoke,
    seconds_of,
    send_what_was_claimed,
)

BLOCK = 20
"""Kills of one run; then it goes on to its end, and the next begins with other rows."""


class Block(TypedDict):
    """What one run came to that was killed so often; ``alive`` are refresh tokens at HubSpot."""

    store: str
    seed: int
    rows: int
    kills: int
    midway: int
    alive: int
    twice: int
    bad: list[str]
    seconds: float


@click.command()
@click.option("--n", type=int, default=20, show_default=True, help="Kills on each database.")
@click.option("--rows", type=int, default=10_000, show_default=True, help="Connections of a run.")
def main(n: int, rows: int) -> None:
    """Count what a killed revocation of everything leaves behind."""
    record = Record("revoke")
    kill_on_each(record, n, BLOCK, lambda store, kills: on(store, rows, kills))
    conclude(record, n * len(STORES))


def on(store: str, rows: int, kills: int) -> Block:
    """One run in a new database."""
    with stage_on(store) as at:
        return run(at, store, rows, kills)


def run(at: Stage, store: str, rows: int, kills: int) -> Block:
    """Kill the command so often, let it come to its end, and look at what is there."""
    settings, hubspot = at.plan.settings, at.hubspot
    tokens = fill(settings, hubspot, rows)
    living = count_alive(settings, tokens)
    seed = secrets.randbits(32)
    chance, midway = random.Random(seed), 0  # noqa: S311 - no secret
    began = time.perf_counter()
    # At random moments of all its work: of erasing here, and of telling HubSpot.
    with closing(Progress(settings, hubspot, rows)) as progress:
        for moment in sorted(chance.sample(range(2 * rows), kills)):
            midway += kill_revoke(at.crew, at.plan, progress, moment)
        told = revoke(at.crew, at.plan)
        seconds = seconds_of(began)
        send_what_was_claimed(at.plan, at.ahead)
        twice = progress.told - rows
    alive = count_alive(settings, tokens)
    bad = list(leftovers(Left.of(settings), alive, twice, kills))
    bad += [] if told["owed"] <= kills else [str(told)]
    bad += [] if living == rows else [f"only {living} refresh tokens lived before"]
    return Block(
        store=store,
        seed=seed,
        rows=rows,
        kills=kills,
        midway=midway,
        alive=alive,
        twice=twice,
        bad=bad,
        seconds=seconds,
    )


def leftovers(left: Left, alive: int, twice: int, kills: int) -> Iterator[str]:
    """All that is not as it should be once everything is revoked."""
    if alive:
        yield f"{alive} refresh tokens live"
    if left != Left(live=0, owed=0):
        yield str(left)
    if not 0 <= twice <= kills:
        yield f"{twice} revocations more than connections"


def conclude(record: Record, asked: int) -> None:
    """Write what all the blocks come to."""
    facts: dict[str, Any] = {}
    blocks = record.blocks()
    for store in STORES:
        mine = [each for each in blocks if each["store"] == store]
        names = ("rows", "kills", "midway", "alive", "twice")
        facts[store] = {name: sum(each[name] for each in mine) for name in names}
        facts[store]["seconds"] = round(sum(each["seconds"] for each in mine))
    done, bad = sum(b["kills"] for b in blocks), sum(len(b["bad"]) for b in blocks)
    seeds = f"{len(blocks)} seeds, one a run, in revoke.jsonl"
    record.conclude(asked=asked, done=done, bad=bad, seed=seeds, facts=facts)
    click.echo(f"{done} kills, {bad} bad")


if __name__ == "__main__":
    main()
