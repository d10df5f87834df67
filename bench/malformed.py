"""Malformed requests at length, at every route of both servers: the app's and the simulator's.

``python -m bench.malformed --n 100000``: so many at each; blocks that are there already are not run
again. A block's seed is a ``HOSTILE_SEED`` for the tests of the same.
"""

import os
import random
import secrets
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TypedDict

import click

from bench.blocks import Blocks, total
from bench.stage import Record, settings_for
from portalkey.broker import Broker
from portalkey.cli.server import Listener, create_app
from portalkey_simulator import App, running_hubspot
from security.malformed import Maker, attack, prepare, read_ends_of_strangers, read_rows
from support.ports import free_port
from support.visitor import Visitor

ROOT = Path(__file__).parents[1]
BLOCK = 2500
FIRST = 1_000_000
"""The first seed; the seeds of a run's blocks are this far from one another and from the next."""
_SIMULATORS = "simulator/tests/test_ten_thousand_requests.py"


class Block(TypedDict):
    """What so many requests at each server came to; ``schedules`` is how many they were."""

    seed: int
    schedules: int
    statuses: dict[str, int]
    bad: list[str]


def block(seed: int, requests: int) -> Block:
    """Send so many *requests* to each server, which the *seed* says."""
    statuses, bad = _attack_app(seed, requests)
    return Block(
        seed=seed,
        schedules=requests,
        statuses={str(status): number for status, number in statuses.items()},
        bad=[*bad, *_attack_simulator(seed, requests)],
    )


def _attack_app(seed: int, requests: int) -> tuple[Counter[int], list[str]]:
    port = free_port()
    page = f"http://localhost:{port}"
    app = App("client-of-the-figures", secrets.token_hex(16), (f"{page}/auth/hubspot/callback",))
    with (
        tempfile.TemporaryDirectory(prefix="figures-") as folder,
        running_hubspot(apps=[app]) as hubspot,
        closing(
            Broker.of(settings_for(app, hubspot, page, f"sqlite:///{folder}/portalkey.db"))
        ) as broker,
        Listener(create_app(broker), broker, host="127.0.0.1", port=port),
        Visitor(page, hubspot) as visitor,
    ):
        victim, database = prepare(visitor), f"{folder}/portalkey.db"
        before = read_rows(database)
        maker = Maker(random.Random(seed), f"localhost:{port}", victim)  # noqa: S311 - to repeat
        found = attack(port, maker, requests)
        bad = list(found.bad)
        if read_rows(database) != before:
            bad.append(f"seed {seed}: something was stored")
        if read_ends_of_strangers(database) - {"failed"}:
            bad.append(f"seed {seed}: a stranger's code was kept")
        visitor.get(victim.callback)
        if visitor.status(victim.ids[0])["attempt"]["status"] != "connected":
            bad.append(f"seed {seed}: the visitor could not go on")
    return found.statuses, bad


def _attack_simulator(seed: int, requests: int) -> list[str]:
    """Run the simulator's own test of it, with another seed and number."""
    environment = {"HOSTILE_SEED": str(seed), "HOSTILE_REQUESTS": str(requests)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", _SIMULATORS],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return [] if done.returncode == 0 else [f"seed {seed}, simulator: {done.stdout[-500:]}"]


@click.command()
@click.option("--n", type=int, default=100_000, show_default=True, help="How many at each server.")
@click.option("--workers", type=int, help="Processes that do it; one for each core by default.")
def main(n: int, workers: int | None) -> None:
    """Count server errors, wrong states and whatever is stored."""
    record = Record("malformed")
    blocks = Blocks("malformed", FIRST, BLOCK, block).complete(record, n, workers)
    bad = [text for each in blocks for text in each["bad"]]
    done = sum(each["schedules"] for each in blocks)
    record.conclude(
        asked=2 * n,
        done=2 * done,
        bad=len(bad),
        seed=f"{FIRST} to {FIRST + n - 1}, every {BLOCK}th",
        facts={
            "at each server": done,
            "answers of the app": dict(sorted(total(blocks, "statuses").items())),
            "server errors, wrong states, rows": bad[:20],
        },
    )
    click.echo(f"{len(bad)} bad")


if __name__ == "__main__":
    main()
