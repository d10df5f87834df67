"""``kill -9`` while a config file is written, at length: nothing is lost, nothing is torn.

``python -m bench.file_kills --n 500``; blocks that are there already are not run again.
"""

import json
import secrets
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TypedDict

import click

from bench.stage import Record, bar

BLOCK = 50
_WORK = Path(__file__).parents[1] / "tests" / "processes" / "configfile_work.py"
_BAD = ("lost", "torn", "halves")


class Block(TypedDict):
    """What some kills on one new file came to: counts by what was found, as ``Tally`` has them."""

    seed: int
    kills: int
    found: dict[str, int]


def block(kills: int) -> Block:
    """So many processes that write one file, one after another, each killed midway."""
    seed = secrets.randbits(32)
    with tempfile.TemporaryDirectory(prefix="figures-") as folder:
        command = [sys.executable, str(_WORK), "kills", f"{folder}/connections.json"]
        done = subprocess.run(
            [*command, str(kills), str(seed)], capture_output=True, text=True, check=True
        )
    return Block(seed=seed, kills=kills, found=json.loads(done.stdout))


@click.command()
@click.option("--n", type=int, default=500, show_default=True, help="How many kills.")
def main(n: int) -> None:
    """Kill many writers, and look at the file after each."""
    record = Record("file_kills")
    there = sum(each["kills"] for each in record.blocks())
    with bar() as progress:
        task = progress.add_task("config file", total=n, completed=min(there, n))
        for done in range(there, n, BLOCK):
            record.add(block(min(BLOCK, n - done)))
            progress.advance(task, min(BLOCK, n - done))
    conclude(record, n)


def conclude(record: Record, asked: int) -> None:
    """Write what all the blocks come to."""
    blocks, found = record.blocks(), Counter[str]()
    for each in blocks:
        found.update(each["found"])
    bad = sum(found[name] for name in _BAD)
    facts = {name: found[name] for name in ("writes", "midway", *_BAD)}
    seed = ", ".join(str(each["seed"]) for each in blocks)
    record.conclude(asked=asked, done=found["kills"], bad=bad, seed=seed, facts=facts)
    click.echo(f"{found['kills']} kills of writers, {bad} bad")


if __name__ == "__main__":
    main()
