"""Fault schedules, at length: as ``make test`` runs them, with other seeds and very many of them.

``python -m bench.schedules --n 1000000``; blocks that are there already are not run again.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import click

# Where the simulation is.
sys.path.append(str(Path(__file__).parents[1] / "tests"))

from bench.blocks import Blocks, conclude, total
from bench.stage import Record
from simulation.campaign import Tally, run

BLOCK = 1000
FIRST = 1_000_000
"""The first seed: no seed of ``make test`` is counted again."""


class Block(TypedDict):
    """What the seeds from ``seed`` on came to.

    ``distinct`` are the fingerprints of schedules, ``pairs`` how many faults struck at how many
    steps.
    """

    seed: int
    schedules: int
    distinct: list[str]
    failures: list[str]
    faults: dict[str, int]
    pairs: int
    reorders: int
    notes: dict[str, int]


def block(seed: int, schedules: int) -> Block:
    """Run so many *schedules* from *seed* on."""
    return summarize(seed, run(range(seed, seed + schedules)))


def summarize(seed: int, tally: Tally) -> Block:
    """Write down what the schedules from *seed* on came to."""
    faults: Counter[str] = Counter()
    for (kind, _), times in tally.hits.items():
        faults[kind] += times
    return Block(
        seed=seed,
        schedules=tally.schedules,
        distinct=sorted(tally.fingerprints),
        failures=tally.failures,
        faults=dict(faults),
        pairs=len(tally.hits),
        reorders=tally.reorders.total(),
        notes=dict(tally.notes),
    )


@click.command()
@click.option("--n", type=int, default=200_000, show_default=True, help="How many schedules.")
def main(n: int) -> None:
    """Count what goes wrong in very many fault schedules."""
    record = Record("schedules")
    blocks = Blocks("schedules", FIRST, BLOCK, block).complete(record, n)
    conclude(record, blocks, n, FIRST, _facts(blocks))


def _facts(blocks: Sequence[Mapping[str, Any]]) -> Mapping[str, object]:
    faults, notes = total(blocks, "faults"), total(blocks, "notes")
    lost = notes["lost in flight"]
    return {
        "lost in flight, all told as such": lost,
        "lost in flight, of a million requests": round(1e6 * lost / max(1, notes["posts"])),
        "reorders": sum(each["reorders"] for each in blocks),
        "faults": dict(sorted(faults.items())),
        "notes": dict(sorted(notes.items())),
    }


if __name__ == "__main__":
    main()
