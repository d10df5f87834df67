"""What the long proofs stand on: real processes at a simulated HubSpot, and results that are kept.

A block of results is a line of JSON. A run that was interrupted goes on where it was, as long as
the same commit is checked out.
"""

import json
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

# Where the tests' own processes are.
sys.path.append(str(Path(__file__).parents[1] / "tests"))

from bench.postgres import new_database, running_durable_server
from bench.report import commit, machine
from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey_simulator import App, HubSpot, running_hubspot
from processes.crew import Crew
from processes.plan import Ahead, Plan
from processes.worker import broker_of

FIGURES = Path(__file__).parent / "figures"
STORES = ("SQLite", "PostgreSQL")
_PAGE = "http://localhost:6001"

Block = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that the processes need, and whom they are hired from."""

    hubspot: HubSpot
    ahead: Ahead
    plan: Plan
    broker: Broker
    crew: Crew


def settings_for(app: App, hubspot: HubSpot, page: str, database_url: str) -> Settings:
    """The settings of an *app* whose pages are at *page*, with a new key."""
    return Settings(
        client_id=app.client_id,
        client_secret=app.client_secret,
        redirect_uri=app.redirect_uris[0],
        public_url=page,
        app_url=hubspot.url,
        api_url=hubspot.url,
        keys=f"figures:{Fernet.generate_key().decode()}",
        database_url=database_url,
        exchanges_per_minute=10_000,
    )


@contextmanager
def stage(database_url: str | None = None) -> Iterator[Stage]:
    """A stage over a database, or over a new file."""
    redirect = f"{_PAGE}/auth/hubspot/callback"
    app = App("client-of-the-figures", secrets.token_hex(16), (redirect,))
    with (
        tempfile.TemporaryDirectory(prefix="figures-") as folder,
        running_hubspot(apps=[app]) as hub,
    ):
        url = database_url or f"sqlite:///{folder}/portalkey.db"
        # A herd is larger than what a web server's process would let wait.
        settings = settings_for(app, hub, _PAGE, url).model_copy(update={"hubspot_calls": 1000})
        ahead = Ahead(Path(folder, "ahead"))
        plan = Plan(settings, ahead.file)
        broker = broker_of(plan)
        with closing(broker), Crew({"TMPDIR": folder}) as crew:
            yield Stage(hub, ahead, plan, broker, crew)


@contextmanager
def stage_on(store: str) -> Iterator[Stage]:
    """A stage over a new file, or over a new database of a server of its own."""
    with ExitStack() as stack:
        url = None
        if store == "PostgreSQL":
            url = stack.enter_context(new_database(stack.enter_context(running_durable_server())))
        yield stack.enter_context(stage(url))


class Record:
    """The blocks of one figure, and what they come to."""

    def __init__(self, name: str) -> None:
        FIGURES.mkdir(exist_ok=True)
        self._result = FIGURES / f"{name}.json"
        self._file = FIGURES / f"{name}.jsonl"
        self._name, self._commit = name, commit()

    def blocks(self) -> list[dict[str, Any]]:
        """What is there already, of this commit."""
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        return [block for block in map(json.loads, lines) if block["commit"] == self._commit]

    def add(self, block: Mapping[str, object]) -> None:
        """Keep one block more."""
        with self._file.open("a") as file:
            file.write(json.dumps({"commit": self._commit, **block}) + "\n")

    def conclude(self, *, asked: int, done: int, bad: int, seed: str, facts: object) -> None:
        """Write the figure."""
        told = {
            "figure": self._name,
            "asked": asked,
            "done": done,
            "bad": bad,
            "facts": facts,
            "commit": self._commit,
            "seed": seed,
            "machine": machine(),
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
        }
        self._result.write_text(json.dumps(told, indent=1) + "\n")


def kill_on_each(record: Record, kills: int, size: int, run: Callable[[str, int], Block]) -> None:
    """Have *run* kill so often on each of ``STORES``, in blocks of *size*; goes on where it was."""
    with bar() as progress:
        for store in STORES:
            task = progress.add_task(store, total=kills)
            there = sum(b["kills"] for b in record.blocks() if b["store"] == store)
            progress.advance(task, min(there, kills))
            for done in range(there, kills, size):
                number = min(size, kills - done)
                record.add(run(store, number))
                progress.advance(task, number)


def bar() -> Progress:
    """Shows how far it is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn())


def spread(counts: Mapping[str, int]) -> dict[str, float]:
    """Median, 99th percentile and longest of milliseconds, each with how often it was."""
    ordered = sorted((float(value), count) for value, count in counts.items())
    total = sum(count for _, count in ordered)

    def at(part: float) -> float:
        passed = 0
        for value, count in ordered:
            passed += count
            if passed >= part * total:
                return value
        return 0.0

    return {"p50_ms": at(0.5), "p99_ms": at(0.99), "longest_ms": at(1.0)}
