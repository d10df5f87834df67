"""The herd, at length: so many expiries, and exactly as many requests.

``python -m bench.herd --n 1000``: half on SQLite, half on PostgreSQL, each half with 4 processes of
12 callers and with 8 of 64, and each of these with reusable and with single-use refresh tokens.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from typing import Any, TypedDict

import click

from bench.postgres import new_database, running_durable_server
from bench.stage import Record, Stage, bar, spread, stage
from processes.herd import connect, expire, renewals, rush

DELAY = 0.05
"""Seconds that the token endpoint takes."""
BLOCK = 5
STORES, SHAPES = ("SQLite", "PostgreSQL"), ((4, 12), (8, 64))
EVERYBODY = list(product(STORES, SHAPES, (False, True)))


class Block(TypedDict):
    """What some expiries of one kind came to; ``over`` counts tenths of milliseconds waited."""

    kind: str
    expiries: int
    requests: int
    bad: int
    over: dict[str, int]


@click.command()
@click.option("--n", type=int, default=1000, show_default=True, help="How many expiries.")
def main(n: int) -> None:
    """Count the requests of many herds."""
    record = Record("herd")
    each = max(BLOCK, n // len(EVERYBODY))
    with bar() as progress:
        task = progress.add_task("expiries", total=each * len(EVERYBODY))
        for store, shape, rotates in EVERYBODY:
            kind = named(store, shape, rotates=rotates)
            there = sum(b["expiries"] for b in record.blocks() if b["kind"] == kind)
            progress.advance(task, min(there, each))
            for block in herds(store, shape, each - there, rotates=rotates):
                record.add(block)
                progress.advance(task, block["expiries"])
    conclude(record, each * len(EVERYBODY))


def named(store: str, shape: tuple[int, int], *, rotates: bool) -> str:
    """What one kind of herd is called."""
    return f"{store}, {shape[0]} x {shape[1]}, {'single-use' if rotates else 'reusable'}"


def herds(store: str, shape: tuple[int, int], expiries: int, *, rotates: bool) -> Iterator[Block]:
    """So many *expiries*, block by block."""
    if expiries <= 0:
        return
    with ExitStack() as stack:
        url = None
        if store == "PostgreSQL":
            server = stack.enter_context(running_durable_server())
            url = stack.enter_context(new_database(server))
        at = stack.enter_context(stage(url))
        at.hubspot.switches.rotate_refresh_tokens = rotates
        connect(at.broker, at.hubspot, "ada")
        members = [at.crew.hire(at.plan) for _ in range(shape[0])]
        for done in range(0, expiries, BLOCK):
            block = Block(
                kind=named(store, shape, rotates=rotates), expiries=0, requests=0, bad=0, over={}
            )
            for _ in range(min(BLOCK, expiries - done)):
                _add(block, at, members, shape[1])
            yield block


def _add(block: Block, at: Stage, members: list[Any], threads: int) -> None:
    expire(at.hubspot, at.ahead)
    before = renewals(at.hubspot)
    at.hubspot.next_token_answer(delay=DELAY)
    outcomes = rush(members, "ada", threads)
    requests = renewals(at.hubspot) - before
    (row,) = at.broker.connections("ada")
    token = at.broker.vault.open_access(row).get_secret_value()
    block["expiries"] += 1
    block["requests"] += requests
    block["bad"] += requests != 1 or any(outcome.token != token for outcome in outcomes)
    over = Counter(f"{(outcome.seconds - DELAY) * 1e3:.1f}" for outcome in outcomes)
    block["over"] = dict(Counter(block["over"]) + over)


def conclude(record: Record, asked: int) -> None:
    """Write what all the blocks come to."""
    blocks = record.blocks()
    facts: dict[str, Any] = {"endpoint_ms": DELAY * 1e3, "above_the_endpoint": {}}
    for key in ("expiries", "requests"):
        facts[key] = sum(block[key] for block in blocks)
    for kind in sorted({block["kind"] for block in blocks}):
        over: Counter[str] = Counter()
        for block in blocks:
            if block["kind"] == kind:
                over.update(block["over"])
        facts["above_the_endpoint"][kind] = {"callers": over.total(), **spread(over)}
    bad = sum(block["bad"] for block in blocks)
    record.conclude(asked=asked, done=facts["expiries"], bad=bad, seed="none", facts=facts)
    click.echo(f"{facts['expiries']} expiries, {facts['requests']} requests, {bad} bad")


if __name__ == "__main__":
    main()
