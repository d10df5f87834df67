"""Sealed values at length: every bit of each is flipped, and each is tried at others' places.

``python -m bench.seals --n 1000``; blocks that are there already are not run again.
"""

from typing import TypedDict

import click

from bench.blocks import Blocks
from bench.stage import Record
from security.seals import attack, make_ring

BLOCK = 20
FIRST = 1_000_000
"""The first seed: no seed of ``make test`` is counted again."""


class Block(TypedDict):
    """What so many values came to; ``schedules`` is how many they were."""

    seed: int
    schedules: int
    flips: int
    moves: int
    opened: list[str]


def block(seed: int, values: int) -> Block:
    """Attack so many *values*, which the *seed* says, sealed under new keys."""
    found = attack(make_ring(), seed, values)
    return Block(
        seed=seed, schedules=values, flips=found.flips, moves=found.moves, opened=found.opened
    )


@click.command()
@click.option("--n", type=int, default=1000, show_default=True, help="How many values.")
@click.option("--workers", type=int, help="Processes that do it; one for each core by default.")
def main(n: int, workers: int | None) -> None:
    """Count what opens that should not."""
    record = Record("seals")
    blocks = Blocks("seals", FIRST, BLOCK, block).complete(record, n, workers)
    opened = [text for each in blocks for text in each["opened"]]
    record.conclude(
        asked=n,
        done=sum(each["schedules"] for each in blocks),
        bad=len(opened),
        seed=f"{FIRST} to {FIRST + n - 1}, in blocks of {BLOCK}",
        facts={
            "bits flipped": sum(each["flips"] for each in blocks),
            "moved": sum(each["moves"] for each in blocks),
            "opened": opened[:20],
        },
    )
    click.echo(f"{len(opened)} opened")


if __name__ == "__main__":
    main()
