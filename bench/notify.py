"""``kill -9`` between a change and its telling, at length.

``python -m bench.notify --n 1000``: so many processes on each database, killed at their steps in
turn and at random while they change connections and tell of it, by a receiver over a socket that
fails, hangs, answers 500, breaks off and is away. Every change has to arrive, at it and at a
function, under one id, in order for one connection.
"""

import random
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import click

from bench.postgres import new_database, running_durable_server
from bench.stage import STORES, Record, bar, stage
from processes.notifying import Endpoint, Notifying, with_webhook
from processes.plan import Plan
from processes.worker import broker_of

BLOCK = 10
SPAN = 0.25
"""Seconds; killed at random within, a process is mostly at work."""


@dataclass(frozen=True, slots=True)
class Block:
    """What some kills came to."""

    store: str
    seed: int
    kills: int
    changes: int
    arrivals: int
    wrong: list[str]


@click.command()
@click.option("--n", type=int, default=1000, show_default=True, help="How many kills on each.")
def main(n: int) -> None:
    """Count what arrives of changes whose processes were killed."""
    record = Record("notify")
    with bar() as progress:
        for store in STORES:
            task = progress.add_task(store, total=n)
            there = sum(b["kills"] for b in record.blocks() if b["store"] == store)
            progress.advance(task, min(there, n))
            if there < n:
                for done in run(store, n - there):
                    record.add({name: getattr(done, name) for name in Block.__slots__})
                    progress.advance(task, done.kills)
    conclude(record, 2 * n)


def run(store: str, kills: int) -> Any:  # noqa: ANN401 - an iterator of blocks
    """Kill so often over one store, in blocks; each has connections of its own."""
    with ExitStack() as stack:
        url = None
        if store == "PostgreSQL":
            server = stack.enter_context(running_durable_server())
            url = stack.enter_context(new_database(server))
        at = stack.enter_context(stage(url))
        endpoint = stack.enter_context(Endpoint())
        plan = Plan(with_webhook(at.plan.settings, endpoint), at.ahead.file)
        broker = broker_of(plan)
        stack.callback(broker.close)
        first = Notifying(at.crew, plan, broker, at.ahead, endpoint)
        steps = cycle(range(len(first.steps())))
        first.drain()
        for done in range(0, kills, BLOCK):
            number, seed = min(BLOCK, kills - done), secrets.randbits(32)
            chance = random.Random(seed)  # noqa: S311 - no secret
            notifying = Notifying(at.crew, plan, broker, at.ahead, endpoint)
            for each in range(number):
                if each % 2:
                    notifying.at_random(chance.uniform(0, SPAN), is_away=each % 5 == 0)
                else:
                    notifying.at_step(next(steps))
            notifying.drain()
            told = notifying.verify()
            endpoint.arrivals.clear()
            yield Block(store, seed, number, told.changes, told.arrivals, list(told.wrong))


def conclude(record: Record, asked: int) -> None:
    """Write what all the blocks come to."""
    facts: dict[str, Any] = {}
    blocks = record.blocks()
    for store in STORES:
        mine = [each for each in blocks if each["store"] == store]
        names = ("kills", "changes", "arrivals")
        facts[store] = {name: sum(each[name] for each in mine) for name in names}
        facts[store]["repeated"] = facts[store]["arrivals"] - 2 * facts[store]["changes"]
    done = sum(each["kills"] for each in blocks)
    bad = sum(len(each["wrong"]) for each in blocks)
    seeds = f"{len(blocks)} seeds, one a block, in notify.jsonl"
    record.conclude(asked=asked, done=done, bad=bad, seed=seeds, facts=facts)
    click.echo(f"{done} kills, {bad} bad")


if __name__ == "__main__":
    main()
