"""Schedules of all actors, at length: what renews, tells, sweeps and reads HubSpot's journal.

``python -m bench.actors --n 100000``; blocks that are there already are not run again.
"""

import click

from bench.blocks import Blocks, conclude, total
from bench.schedules import BLOCK, FIRST, Block, summarize
from bench.stage import Record
from simulation.actors.campaign import run


def block(seed: int, schedules: int) -> Block:
    """Run so many *schedules* from *seed* on."""
    return summarize(seed, run(range(seed, seed + schedules)))


@click.command()
@click.option("--n", type=int, default=20_000, show_default=True, help="How many schedules.")
@click.option("--workers", type=int, help="Processes that run them; one for each core by default.")
def main(n: int, workers: int | None) -> None:
    """Count what goes wrong where every actor is at work."""
    record = Record("actors")
    blocks = Blocks("actors", FIRST, BLOCK, block).complete(record, n, workers)
    faults, notes = total(blocks, "faults"), total(blocks, "notes")
    more = {"faults": dict(sorted(faults.items())), "notes": dict(sorted(notes.items()))}
    conclude(record, blocks, n, FIRST, more)


if __name__ == "__main__":
    main()
