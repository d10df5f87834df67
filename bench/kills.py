"""``kill -9``, at length: nothing is lost that anybody holds, and nothing is torn.

``python -m bench.kills --n 2000``: so many processes on SQLite, and a tenth of that on PostgreSQL,
where the server is killed too, with the process or in its place.
"""

import os
import random
import secrets
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from itertools import cycle
from pathlib import Path
from typing import Any, TypedDict

import click

from bench.postgres import DurableServer, new_database
from bench.stage import Record, bar, spread, stage
from processes.kills import CORRUPT, LOST, Kill, Kills
from support.patience import PATIENCE
from support.postgres_server import execute, private_folder

BLOCK = 10
SPAN = 0.03
"""Seconds; killed at random within, a process is mostly at work."""
THREADS = 6
"""Threads that write beside the one that renews, where a commit is of several."""
SQLITE, POSTGRES = "SQLite", "PostgreSQL, its server killed"


class Block(TypedDict):
    """What some kills came to; ``took`` counts milliseconds until the next caller had an answer."""

    store: str
    seed: int
    kills: int
    midway: int
    verdicts: dict[str, int]
    bad: list[str]
    took: dict[str, int]


class KilledServer(DurableServer):
    """A server that dies with all its processes at once, and starts again."""

    def crash(self) -> None:
        """``kill -9`` for everything that the server has started, and for itself."""
        first = self._process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for pid in (first, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        until = time.monotonic() + PATIENCE
        while any(map(_is_alive, children)) and time.monotonic() < until:
            time.sleep(0.01)
        self.start()


def _is_alive(pid: str) -> bool:
    """False once a process has let go of its memory, buried or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@click.command()
@click.option("--n", type=int, default=2000, show_default=True, help="How many kills on SQLite.")
def main(n: int) -> None:
    """Count what many kills leave behind."""
    record = Record("kills")
    wanted = {SQLITE: n, POSTGRES: max(1, n // 10)}
    with bar() as progress:
        for store, kills in wanted.items():
            task = progress.add_task(store, total=kills)
            there = sum(b["kills"] for b in record.blocks() if b["store"] == store)
            progress.advance(task, min(there, kills))
            run = on_sqlite if store == SQLITE else on_postgres
            for done in run(kills - there):
                record.add(done)
                progress.advance(task, done["kills"])
    conclude(record, sum(wanted.values()))


def on_sqlite(kills: int) -> Iterator[Block]:
    """Processes killed at their steps in turn, at random, and as their threads share commits."""
    if kills <= 0:
        return
    with stage() as at, Kills(at.crew, at.plan, at.broker, at.hubspot, at.ahead) as killing:
        steps = cycle(range(len(killing.steps())))
        for done in range(0, kills, BLOCK):
            # Of blocks in turn, one has single-use refresh tokens.
            at.hubspot.switches.rotate_refresh_tokens = done // BLOCK % 2 == 1
            seed = secrets.randbits(32)
            chance = random.Random(seed)  # noqa: S311 - no secret
            yield block(
                SQLITE,
                seed,
                [
                    _kill(killing, chance, steps, number)
                    for number in range(min(BLOCK, kills - done))
                ],
            )


def _kill(killing: Kills, chance: random.Random, steps: Iterator[int], number: int) -> Kill:
    """Every second one at a step; of the others, half while threads share their commits."""
    if number % 2 == 0:
        return killing.at_step(next(steps))
    after = chance.uniform(0, SPAN)
    return killing.in_group(after, THREADS) if number % 4 == 1 else killing.at_random(after)


def on_postgres(kills: int) -> Iterator[Block]:
    """The server killed at random, every other time together with the process."""
    if kills <= 0:
        return
    with ExitStack() as stack:
        folder = stack.enter_context(private_folder())
        server = stack.enter_context(KilledServer(folder))
        # Whatever the machine has on its disks, the server need not look at file by file.
        execute(server.url, "ALTER SYSTEM SET recovery_init_sync_method = 'syncfs'")
        url = stack.enter_context(new_database(server.url))
        at = stack.enter_context(stage(url))
        killing = Kills(at.crew, at.plan, at.broker, at.hubspot, at.ahead)
        stack.enter_context(killing)
        for done in range(0, kills, BLOCK):
            seed = secrets.randbits(32)
            chance = random.Random(seed)  # noqa: S311 - no secret
            found = []
            for number in range(done, min(done + BLOCK, kills)):
                at.hubspot.switches.rotate_refresh_tokens = number // 2 % 2 == 1
                after, spares = chance.uniform(0, 2 * SPAN), number % 2 == 0
                found.append(killing.with_store(after, server.crash, spares=spares))
            yield block(POSTGRES, seed, found)


def block(store: str, seed: int, kills: Sequence[Kill]) -> Block:
    """What these *kills* came to."""
    return Block(
        store=store,
        seed=seed,
        kills=len(kills),
        midway=sum(kill.is_midway for kill in kills),
        verdicts=dict(Counter(kill.verdict for kill in kills)),
        bad=[str(kill) for kill in kills if kill.verdict in {LOST, CORRUPT}],
        took=dict(Counter(f"{kill.outcome.seconds * 1e3:.0f}" for kill in kills)),
    )


def conclude(record: Record, asked: int) -> None:
    """Write what all the blocks come to."""
    facts: dict[str, Any] = {}
    blocks = record.blocks()
    for store in (SQLITE, POSTGRES):
        took: Counter[str] = Counter()
        verdicts: Counter[str] = Counter()
        mine = [each for each in blocks if each["store"] == store]
        for each in mine:
            took.update(each["took"])
            verdicts.update(each["verdicts"])
        counts = {key: sum(each[key] for each in mine) for key in ("kills", "midway")}
        facts[store] = {**counts, **verdicts, "next_caller": spread(took)}
    done = sum(each["kills"] for each in blocks)
    bad = sum(len(each["bad"]) for each in blocks)
    seeds = f"{len(blocks)} seeds, one a block, in kills.jsonl"
    record.conclude(asked=asked, done=done, bad=bad, seed=seeds, facts=facts)
    click.echo(f"{done} kills, {bad} bad")


if __name__ == "__main__":
    main()
