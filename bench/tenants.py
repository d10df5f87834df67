"""Schedules of many tenants, at length: as ``make test`` runs them, with other seeds and more.

``python -m bench.tenants --n 10000``; blocks that are there already are not run again.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import click

# Where the simulation is.
sys.path.append(str(Path(__file__).parents[1] / "tests"))

from bench.blocks import Blocks, conclude
from bench.stage import Record
from simulation.campaign import campaign
from simulation.tenants.campaign import House
from simulation.tenants.evidence import Waits
from simulation.tenants.schedule import Outcome

BLOCK = 100
FIRST = 1_000_000
"""The first seed: no seed of ``make test`` is counted again."""

Row = dict[str, float]


class Block(TypedDict):
    """What the seeds from ``seed`` on came to; ``troubles`` has a row for each kind of schedule."""

    seed: int
    schedules: int
    distinct: list[str]
    failures: list[str]
    notes: dict[str, int]
    troubles: dict[str, Row]


def block(seed: int, schedules: int) -> Block:
    """Run so many *schedules* from *seed* on."""
    house = House()
    with campaign():
        outcomes = [house.run(each) for each in range(seed, seed + schedules)]
    notes: Counter[str] = Counter()
    for outcome in outcomes:
        notes.update(outcome.notes)
    return Block(
        seed=seed,
        schedules=schedules,
        distinct=sorted({outcome.fingerprint for outcome in outcomes}),
        failures=[f"seed {each.seed}: {what}" for each in outcomes for what in each.violations],
        notes=dict(notes),
        troubles=_rows(outcomes),
    )


def _rows(outcomes: Sequence[Outcome]) -> dict[str, Row]:
    by_kind: dict[str, list[Waits]] = defaultdict(list)
    for outcome in outcomes:
        by_kind[" ".join(outcome.about).strip()].append(outcome.waits)
    return {
        kind: {
            "schedules": len(waits),
            "calls": sum(each.calls for each in waits),
            "with_plenty": sum(each.plenty for each in waits),
            "longest_ms": round(1000 * max(each.longest for each in waits)),
        }
        for kind, waits in by_kind.items()
    }


@click.command()
@click.option("--n", type=int, default=10_000, show_default=True, help="How many schedules.")
@click.option("--workers", type=int, help="Processes that run them; one for each core by default.")
def main(n: int, workers: int | None) -> None:
    """Count what goes wrong where many tenants share an app."""
    record = Record("tenants")
    blocks = Blocks("tenants", FIRST, BLOCK, block).complete(record, n, workers)
    more = {"of healthy tenants, by the trouble of others": _table(blocks)}
    conclude(record, blocks, n, FIRST, more)


def _table(blocks: Sequence[Mapping[str, Any]]) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for each in blocks:
        for kind, row in each["troubles"].items():
            there = rows.setdefault(kind, dict.fromkeys(row, 0))
            for name, value in row.items():
                is_most = name == "longest_ms"
                there[name] = max(there[name], value) if is_most else there[name] + value
    return dict(sorted(rows.items()))


if __name__ == "__main__":
    main()
