"""Long runs in blocks of seeds: what is there already is not run again."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from bench.stage import Record, bar

Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Schedules *first* and following, *size* of them in a block, which *run* runs.

    ``run`` gets the first seed of a block and how many, and returns at least both of them, as
    ``seed`` and ``schedules``.
    """

    name: str
    first: int
    size: int
    run: Callable[[int, int], Block]

    def complete(self, record: Record, n: int, workers: int | None = None) -> Sequence[Block]:
        """Run what is missing of *n* schedules, and return all of their blocks.

        *workers* are the processes that do it; as many as there are cores, where none is named.
        """
        there = {each["seed"]: each["schedules"] for each in record.blocks()}
        wanted = {self.first + at: min(self.size, n - at) for at in range(0, n, self.size)}
        missing = {seed: size for seed, size in wanted.items() if there.get(seed, 0) < size}
        # Not forked: a child must not begin with what another thread of ours had half done.
        spawn = multiprocessing.get_context("spawn")
        with bar() as progress, ProcessPoolExecutor(workers, mp_context=spawn) as pool:
            left = sum(missing.values())
            task = progress.add_task(self.name, total=n, completed=n - left)
            running = [pool.submit(self.run, seed, size) for seed, size in missing.items()]
            for done in as_completed(running):
                record.add(done.result())
                progress.advance(task, done.result()["schedules"])
        blocks = {each["seed"]: each for each in record.blocks() if each["seed"] in wanted}
        return list(blocks.values())


_LOST = ("LOST", "I7")


def conclude(
    record: Record, blocks: Sequence[Block], n: int, first: int, more: Mapping[str, object]
) -> None:
    """Write the figure of *n* schedules from seed *first* on: what all have, and *more* facts."""
    failures = [failure for each in blocks for failure in each["failures"]]
    notes = total(blocks, "notes")
    record.conclude(
        asked=n,
        done=sum(each["schedules"] for each in blocks),
        bad=len({failure.partition(":")[0] for failure in failures}),
        seed=f"{first} to {first + n - 1}",
        facts={
            "distinct": len({each for block in blocks for each in block["distinct"]}),
            "lost tokens": sum(failure.split()[2] in _LOST for failure in failures),
            "loops": sum(failure.split()[2] == "LOOP" for failure in failures),
            "requests": notes["posts"],
            "tokens handed out": notes["handed"],
            **more,
            "failures": failures[:20],
        },
    )


def total(blocks: Iterable[Block], name: str) -> Counter[str]:
    """The counts of that *name*, of all blocks together."""
    counts: Counter[str] = Counter()
    for each in blocks:
        counts.update(each[name])
    return counts
