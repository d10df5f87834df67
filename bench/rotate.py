"""Keys rotated, at length: many rows, many askers, and ``kill -9`` in between.

``python -m bench.rotate --n 200``: so many kills on each database, over 100,000 rows and under 8
processes of 64 callers.
"""

import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any, TypedDict

import click

from bench.stage import STORES, Record, Stage, kill_on_each, stage_on
from processes.rotation import KeyChange, answers, askers, kill_rotation, retire, rotate

BLOCK = 100
"""Kills of one rotation; then it goes on to its end, and the next begins with other keys."""
SPAN = 0.5
"""Seconds; killed at random within, a rotation is mostly at work."""
PROCESSES, THREADS = 8, 64


class Block(TypedDict):
    """What one rotation came to that was killed so often."""

    store: str
    seed: int
    rows: int
    kills: int
    midway: int
    answers: dict[str, int]
    requests: int
    bad: list[str]
    seconds: float


@click.command()
@click.option("--n", type=int, default=200, show_default=True, help="Kills on each database.")
@click.option("--rows", type=int, default=100_000, show_default=True, help="Rows of a rotation.")
def main(n: int, rows: int) -> None:
    """Count what killed rotations leave behind."""
    record = Record("rotate")
    kill_on_each(record, n, BLOCK, lambda store, kills: on(store, rows, kills))
    conclude(record, n * len(STORES))


def on(store: str, rows: int, kills: int) -> Block:
    """One rotation in a new database."""
    with stage_on(store) as at, closing(KeyChange(at.plan.settings)) as change:
        change.fill(rows)
        return rotation(at, change, store, rows, kills)


def rotation(at: Stage, change: KeyChange, store: str, rows: int, kills: int) -> Block:
    """Kill it so often, let it come to its end, and look at what is there."""
    seed = secrets.randbits(32)
    chance, midway = random.Random(seed), 0  # noqa: S311 - no secret
    began = time.perf_counter()
    with askers(at.crew, at.plan, change, PROCESSES, THREADS, rows) as members:
        for _ in range(kills):
            midway += kill_rotation(at.crew, at.plan, change, chance.uniform(0, SPAN))
        rotated = rotate(at.crew, at.plan, change)
        seconds = time.perf_counter() - began
        told = answers(members)
    bad = [f"{number} answers were {word}" for word, number in told.items() if word != "right"]
    bad += [] if rotated.is_whole else [str(rotated)]
    bad += list(leftovers(at, change, rows))
    return Block(
        store=store,
        seed=seed,
        rows=rows,
        kills=kills,
        midway=midway,
        answers=dict(told),
        requests=len(at.hubspot.requests),
        bad=bad,
        seconds=seconds,
    )


def leftovers(at: Stage, change: KeyChange, rows: int) -> Iterator[str]:
    """All that is not as it should be once a rotation is over."""
    left, there = change.left(), change.under_new()
    if (left, there) != (0, rows):
        yield f"{left} under the old key, {there} of {rows} under the new one"
    if number := len(at.hubspot.requests):
        yield f"{number} requests to HubSpot"
    if not retire(change).may_go:
        yield "the old key may not go"
    change.fill(1, first=rows)
    if retire(change).may_go:
        yield "the old key may go though one row bears it"


def conclude(record: Record, asked: int) -> None:
    """Write what all the blocks come to."""
    facts: dict[str, Any] = {}
    blocks = record.blocks()
    for store in STORES:
        mine = [each for each in blocks if each["store"] == store]
        told = sum((Counter(each["answers"]) for each in mine), Counter[str]())
        counts = {key: sum(b[key] for b in mine) for key in ("rows", "kills", "midway", "requests")}
        facts[store] = {
            **counts,
            "right_answers": told.pop("right", 0),
            "other_answers": told.total(),
            "seconds": round(sum(each["seconds"] for each in mine)),
        }
    done, bad = sum(b["kills"] for b in blocks), sum(len(b["bad"]) for b in blocks)
    seeds = f"{len(blocks)} seeds, one a rotation, in rotate.jsonl"
    record.conclude(asked=asked, done=done, bad=bad, seed=seeds, facts=facts)
    click.echo(f"{done} kills, {bad} bad")


if __name__ == "__main__":
    main()
