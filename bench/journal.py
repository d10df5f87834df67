"""Readers of HubSpot's journal killed, at length: nothing is lost, and nothing is done twice.

``python -m bench.journal --n 200``: so many kills on each database, at every step in turn and at
random.
"""

import random
import secrets
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from typing import TypedDict

import click

from bench.stage import STORES, Record, kill_on_each, stage_on
from processes.journal_kills import WELL, JournalKill, JournalKills

BLOCK = 50
SPAN = 0.08
"""Seconds; killed at random within, a reader is mostly at work."""


class Block(TypedDict):
    """What some kills came to."""

    store: str
    seed: int
    kills: int
    midway: int
    verdicts: dict[str, int]
    bad: list[str]


@click.command()
@click.option("--n", type=int, default=200, show_default=True, help="Kills on each database.")
def main(n: int) -> None:
    """Count what many killed readers leave behind."""
    record = Record("journal")
    kill_on_each(record, n, BLOCK, on)
    conclude(record, n * len(STORES))


def on(store: str, kills: int) -> Block:
    """Every second one at a step, the others at random, in a new database."""
    seed = secrets.randbits(32)
    chance = random.Random(seed)  # noqa: S311 - no secret
    found: list[JournalKill] = []
    with stage_on(store) as at:
        killing = JournalKills(at.crew, at.plan, at.broker, at.hubspot, at.ahead)
        steps = list(range(len(killing.steps())))
        chance.shuffle(steps)
        turns = cycle(steps)
        for number in range(kills):
            if number % 2 == 0:
                found.append(killing.at_step(next(turns)))
            else:
                found.append(killing.at_random(chance.uniform(0, SPAN)))
    return block(store, seed, found)


def block(store: str, seed: int, kills: Sequence[JournalKill]) -> Block:
    """What these *kills* came to."""
    return Block(
        store=store,
        seed=seed,
        kills=len(kills),
        midway=sum(kill.is_midway for kill in kills),
        verdicts=dict(Counter(kill.verdict for kill in kills)),
        bad=[str(kill) for kill in kills if kill.verdict != WELL],
    )


def conclude(record: Record, asked: int) -> None:
    """Write what all the blocks come to."""
    blocks = record.blocks()
    facts = {
        store: {
            key: sum(each[key] for each in blocks if each["store"] == store)
            for key in ("kills", "midway")
        }
        for store in STORES
    }
    done = sum(each["kills"] for each in blocks)
    bad = sum(len(each["bad"]) for each in blocks)
    seeds = f"{len(blocks)} seeds, one a block, in journal.jsonl"
    record.conclude(asked=asked, done=done, bad=bad, seed=seeds, facts=facts)
    click.echo(f"{done} kills of readers, {bad} bad")


if __name__ == "__main__":
    main()
